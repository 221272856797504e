"""What a log is packed in: gzip, zstd, zip; without the time of day, so that bytes stay the same."""

import gzip
import io
import zipfile

SUFFIXES = (".gz", ".zst", ".zip")


def pack(data, suffix, name="log"):
    """Packs bytes; `name` is that of the file in an archive."""
    match suffix:
        case ".gz":
            return gzip.compress(data, mtime=0)
        case ".zst":
            import zstandard

            return zstandard.ZstdCompressor(level=10).compress(data)
        case ".zip":
            packed = io.BytesIO()
            entry = zipfile.ZipInfo(name, date_time=(2020, 11, 2, 8, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(entry, data)
            return packed.getvalue()
    raise ValueError(f"unknown packing: {suffix}")


def unpack(data):
    """Takes the packing off, whatever it is."""
    if data[:2] == b"\x1f\x8b":
        return unpack(gzip.decompress(data))
    if data[:4] == b"\x28\xb5\x2f\xfd":
        import zstandard

        return unpack(zstandard.ZstdDecompressor().decompress(data))
    if data[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            return data if "[Content_Types].xml" in names else unpack(archive.read(names[0]))
    return data
