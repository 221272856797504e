"""The job as a script with Polars on its streaming engine.

Types the columns, sets aside what is bad, keeps the latest state of each dossier, writes Parquet by
month and counts the indicators by unit and month. Prints what it found, as JSON.

usage: polars_job.py RAWDIR OUTDIR
"""

import json
import shutil
import sys
from pathlib import Path

import polars as pl

MINUTE = "%d/%m/%Y %H:%M"
TIMES = {
    "Ngày tiếp nhận": "received_at",
    "Ngày hẹn trả": "due_at",
    "Ngày trả kết quả": "completed_at",
    "Cập nhật": "updated_at",
}
CHANNELS = {"Trực tuyến": "online", "Trực tiếp": "counter", "Bưu chính": "postal"}
STATUSES = {"Đã trả kết quả": "completed", "Đang xử lý": "processing", "Từ chối": "rejected"}
PAYMENTS = {"PayGov": "paygov", "Tiền mặt": "cash"}
DELIVERIES = {"VNPost": "vnpost", "Trực tiếp": "counter", "Điện tử": "electronic"}


def coded(column, codes):
    return pl.col(column).replace_strict(codes, default=None, return_dtype=pl.String)


def number(column, dtype):
    return pl.col(column).cast(dtype, strict=False)


def typed(raw):
    """Scans the logs and types what is needed of them."""
    logs = pl.scan_csv(f"{raw}/*.csv", infer_schema=False, include_file_paths="file")
    return logs.select(
        pl.col("file").str.extract(r"unit_(\d+)").alias("unit"),
        pl.col("Mã hồ sơ").alias("dossier_id"),
        pl.col("Mã TTHC").alias("procedure_id"),
        coded("Hình thức nộp", CHANNELS).alias("channel"),
        number("Mức độ", pl.Int8).alias("level"),
        *[pl.col(it).str.to_datetime(MINUTE, strict=False).alias(name) for it, name in TIMES.items()],
        coded("Trạng thái", STATUSES).alias("status"),
        number("Lệ phí", pl.Int64).alias("fee"),
        coded("Thanh toán", PAYMENTS).alias("payment"),
        coded("Trả kết quả", DELIVERIES).alias("delivery"),
        number("Hài lòng", pl.Int8).alias("satisfaction"),
        (pl.col("Số hóa") == "Có").alias("digitised"),
    )


def is_good():
    number = pl.col("dossier_id")
    has_day, has_status = pl.col("received_at").is_not_null(), pl.col("status").is_not_null()
    return number.is_not_null() & (number != "") & has_day & has_status


def indicators(dossiers):
    """Counts by unit and month."""
    online, level = pl.col("channel") == "online", pl.col("level")
    done = (
        dossiers.filter(pl.col("status") == "completed")
        .group_by("unit", pl.col("completed_at").dt.truncate("1mo").alias("month"))
        .agg(
            pl.len().alias("completed"),
            online.sum().alias("completed_online"),
            (online & (level == 3)).sum().alias("l3"),
            (online & (level == 4)).sum().alias("l4"),
            (pl.col("completed_at") <= pl.col("due_at")).sum().alias("on_time"),
            (pl.col("payment") == "paygov").sum().alias("paid"),
            (pl.col("fee") > 0).sum().alias("payable"),
            (pl.col("delivery") == "vnpost").sum().alias("vnpost"),
            pl.col("digitised").sum(),
            pl.col("satisfaction").mean(),
        )
    )
    received = dossiers.group_by(
        "unit", pl.col("received_at").dt.truncate("1mo").alias("month")
    ).agg(pl.len().alias("received"), online.sum().alias("received_online"))
    joined = done.join(received, on=["unit", "month"], how="full", coalesce=True)
    return joined.collect(engine="streaming")


def main(raw, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows = typed(raw)
    rows.filter(~is_good()).sink_parquet(f"{out}/quarantine.parquet", compression="zstd")
    latest = (
        rows.filter(is_good())
        .sort("updated_at", descending=True)
        .unique("dossier_id", keep="first")
        .with_columns(pl.col("received_at").dt.strftime("%Y-%m").alias("received_month"))
    )
    by_month = pl.PartitionBy(f"{out}/dossiers", key="received_month")
    latest.sink_parquet(by_month, compression="zstd", mkdir=True)
    counted = indicators(pl.scan_parquet(f"{out}/dossiers/**/*.parquet"))
    counted.write_parquet(f"{out}/indicators.parquet")
    quarantine = pl.scan_parquet(f"{out}/quarantine.parquet")
    found = {
        "rejected": quarantine.select(pl.len()).collect().item(),
        "resolved": counted["completed"].sum(),
        "resolved_online": counted["completed_online"].sum(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
