"""The benchmark: `hoso` and what a user would pick instead, run in turn on the same data.

`scripts/bench` starts it; `main` reads the command line. A scenario (`loads`, `changes`, `postgres`)
runs jobs and returns a `results.Result`; `page` writes `docs/performance.md` from them.
"""
