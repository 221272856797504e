"""The job as a data engineer would write it with DuckDB.

Types the columns, sets aside what is bad, keeps the latest state of each dossier, writes Parquet by
month and counts the indicators by unit and month. Prints what it found, as JSON.

usage: duckdb_job.py RAWDIR OUTDIR
"""

import json
import shutil
import sys
from pathlib import Path

import duckdb

TYPED = r"""
CREATE TEMP TABLE typed AS
SELECT
    regexp_extract(filename, 'unit_(\d+)', 1) AS unit,
    "Mã hồ sơ" AS dossier_id,
    "Mã TTHC" AS procedure_id,
    CASE "Hình thức nộp"
        WHEN 'Trực tuyến' THEN 'online' WHEN 'Trực tiếp' THEN 'counter'
        WHEN 'Bưu chính' THEN 'postal'
    END AS channel,
    TRY_CAST("Mức độ" AS TINYINT) AS level,
    try_strptime("Ngày tiếp nhận", '%d/%m/%Y %H:%M') AS received_at,
    try_strptime("Ngày hẹn trả", '%d/%m/%Y %H:%M') AS due_at,
    try_strptime("Ngày trả kết quả", '%d/%m/%Y %H:%M') AS completed_at,
    CASE "Trạng thái"
        WHEN 'Đã trả kết quả' THEN 'completed' WHEN 'Đang xử lý' THEN 'processing'
        WHEN 'Từ chối' THEN 'rejected'
    END AS status,
    TRY_CAST("Lệ phí" AS BIGINT) AS fee,
    CASE "Thanh toán" WHEN 'PayGov' THEN 'paygov' WHEN 'Tiền mặt' THEN 'cash' END AS payment,
    CASE "Trả kết quả"
        WHEN 'VNPost' THEN 'vnpost' WHEN 'Trực tiếp' THEN 'counter' WHEN 'Điện tử' THEN 'electronic'
    END AS delivery,
    TRY_CAST("Hài lòng" AS TINYINT) AS satisfaction,
    "Số hóa" = 'Có' AS digitised,
    try_strptime("Cập nhật", '%d/%m/%Y %H:%M') AS updated_at,
    * EXCLUDE (filename)
FROM read_csv('{raw}/*.csv', all_varchar = true, filename = true, header = true)
"""

QUARANTINE = """
COPY (
    SELECT * FROM typed
    WHERE dossier_id IS NULL OR dossier_id = '' OR received_at IS NULL OR status IS NULL
) TO '{out}/quarantine.parquet' (COMPRESSION zstd)
"""

DOSSIERS = """
COPY (
    SELECT
        unit, dossier_id, procedure_id, channel, level, received_at, due_at, completed_at, status,
        fee, payment, delivery, satisfaction, digitised, updated_at,
        strftime(received_at, '%Y-%m') AS received_month
    FROM typed
    WHERE dossier_id <> '' AND received_at IS NOT NULL AND status IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY dossier_id ORDER BY updated_at DESC) = 1
) TO '{out}/dossiers' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (received_month))
"""

INDICATORS = """
COPY (
    WITH d AS (FROM read_parquet('{out}/dossiers/**/*.parquet', hive_partitioning = true)),
    done AS (
        SELECT
            unit,
            date_trunc('month', completed_at) AS month,
            count(*) AS completed,
            count(*) FILTER (channel = 'online') AS completed_online,
            count(*) FILTER (channel = 'online' AND level = 3) AS completed_l3,
            count(*) FILTER (channel = 'online' AND level = 4) AS completed_l4,
            count(*) FILTER (completed_at <= due_at) AS on_time,
            count(*) FILTER (payment = 'paygov') AS paid_online,
            count(*) FILTER (fee > 0) AS payable,
            count(*) FILTER (delivery = 'vnpost') AS vnpost,
            count(*) FILTER (digitised) AS digitised,
            avg(satisfaction) AS satisfaction
        FROM d WHERE status = 'completed' GROUP BY 1, 2
    ),
    rec AS (
        SELECT
            unit,
            date_trunc('month', received_at) AS month,
            count(*) AS received,
            count(*) FILTER (channel = 'online') AS received_online
        FROM d GROUP BY 1, 2
    )
    SELECT * FROM done FULL JOIN rec USING (unit, month)
) TO '{out}/indicators.parquet'
"""

FOUND = """
SELECT
    (SELECT count(*) FROM '{out}/quarantine.parquet') AS rejected,
    sum(completed)::BIGINT AS resolved,
    sum(completed_online)::BIGINT AS resolved_online
FROM '{out}/indicators.parquet'
"""


def main(raw, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = false")
    db.execute("SET memory_limit = '16GB'")
    db.execute(TYPED.replace("{raw}", str(raw)))
    for statement in [QUARANTINE, DOSSIERS, INDICATORS, FOUND]:
        db.execute(statement.replace("{out}", str(out)))
    names = [column[0] for column in db.description]
    print(json.dumps(dict(zip(names, db.fetchone()))))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
