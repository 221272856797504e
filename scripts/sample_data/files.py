"""The folders, and files that are written only where what they hold has changed."""

import io
import zipfile
from pathlib import Path

from logformats.packing import unpack

ROOT = Path(__file__).resolve().parent.parent.parent
PIPELINE = ROOT / "pipelines" / "ministry"
OUT = ROOT / "sample_data"
README = "README.md"


class Output:
    """The files of `sample_data/`, gathered before any is written."""

    def __init__(self):
        self.files = {}

    def save(self, folder, name, data):
        """Adds a file."""
        path = OUT / folder / name
        assert path not in self.files, path
        self.files[path] = data

    def write(self):
        """Writes what differs and removes what is no longer sent.

        A packed file of the same content stays as it is: another zlib packs in other bytes.
        """
        for path in OUT.rglob("*"):
            if path.is_file() and path not in self.files and path.name != README:
                path.unlink()
        for path, data in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or content(path.read_bytes()) != content(data):
                path.write_bytes(data)
        for folder in OUT.iterdir():
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def content(data):
    """Returns what a file holds, its packing taken off."""
    data = unpack(data)
    if data[:4] != b"PK\3\4":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as workbook:
        return [(name, workbook.read(name)) for name in workbook.namelist()]
