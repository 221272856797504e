"""Holds manifests to the schema of Kubernetes; prints what the container of one of them runs.

usage: deploy.py MANIFESTS.yaml NAME
"""

import sys

import kubernetes_validate
import yaml

VERSION = "1.31"  # podFailurePolicy is stable since then.

with open(sys.argv[1], encoding="utf-8") as file:
    manifests = list(yaml.safe_load_all(file))
for manifest in manifests:
    kubernetes_validate.validate(manifest, VERSION, strict=True)
(job,) = (manifest for manifest in manifests if manifest["metadata"]["name"] == sys.argv[2])
(container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
assert container["command"] == ["/bin/sh", "-c"], container["command"]
(script,) = container["args"]
print(script)
