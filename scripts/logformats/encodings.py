"""Vietnamese text in the encodings that came before UTF-8, and in one that came of a mistake.

TCVN3 (VN3, "ABC", the .Vn fonts) and VNI-Windows give letters the bytes of other letters; the font
draws them. As characters these bytes are those of Latin-1, which is how workbooks keep them.
"""

import unicodedata

# TCVN3: a byte for each letter. There are no capitals with a tone: a second font draws them.
_TCVN3_LETTERS = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ", 0xB5: "àảãáạ", 0xBB: "ằẳẵắ", 0xC6: "ặầẩẫấậè", 0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò", 0xE1: "ỏõóọồổỗốộờởỡớợù", 0xF1: "ủũúụừửữứựỳỷỹýỵ",
}
TCVN3 = {
    letter: chr(first + n)
    for first, letters in _TCVN3_LETTERS.items() for n, letter in enumerate(letters)
}

# VNI-Windows: a letter and a mark, in the order in which a typewriter would strike them.
_TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
_CIRCUMFLEX = {"": "â", "\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä"}
_BREVE = {"": "ê", "\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë"}
_VNI_WHOLE = {"đ": "ñ", "ơ": "ô", "ư": "ö", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}


def _vni_letters():
    """Returns each letter of Vietnamese with the characters that VNI-Windows has for it."""
    letters = dict(_VNI_WHOLE)
    for base in "aeiouyơư":
        for tone, mark in _TONES.items():
            stem = _VNI_WHOLE.get(base, base)
            letters.setdefault(unicodedata.normalize("NFC", base + tone), stem + mark)
    for bases, accent, marks in (("aeo", "\u0302", _CIRCUMFLEX), ("a", "\u0306", _BREVE)):
        for base in bases:
            for tone, mark in marks.items():
                letters[unicodedata.normalize("NFC", base + accent + tone)] = base + mark
    capitals = {letter.upper(): written.upper() for letter, written in letters.items()}
    return letters | capitals


VNI = _vni_letters()


def to_tcvn3(text):
    """Returns the characters by which TCVN3 writes a text."""
    text = unicodedata.normalize("NFC", text)
    return "".join(TCVN3.get(c) or TCVN3.get(c.lower()) or c for c in text)


def to_vni(text):
    """Returns the characters by which VNI-Windows writes a text."""
    return "".join(VNI.get(c, c) for c in unicodedata.normalize("NFC", text))


def to_cp1258(text):
    """Returns a text in letters and tones as Windows-1258 has them: it lacks most letters with both."""
    written = []
    for c in unicodedata.normalize("NFC", text):
        try:
            c.encode("cp1258")
            written.append(c)
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", c)
            tone = next(part for part in parts if part in _TONES)
            written.append(unicodedata.normalize("NFC", parts.replace(tone, "")) + tone)
    return "".join(written)


def to_misread(text):
    """Returns what is seen of a UTF-8 text that was read as windows-1252."""
    def misread(byte):
        try:
            return bytes([byte]).decode("cp1252")
        except UnicodeDecodeError:
            return chr(byte)  # five bytes mean nothing there; Windows keeps them as they are
    return "".join(misread(byte) for byte in unicodedata.normalize("NFC", text).encode())


def encode(text, encoding):
    """Returns the bytes of a text in one of the encodings that a profile may declare."""
    match encoding:
        case "tcvn3":
            return to_tcvn3(text).encode("latin-1")
        case "vni":
            return to_vni(text).encode("latin-1")
        case "windows-1258":
            return to_cp1258(text).encode("cp1258")
        case "utf-8-as-cp1252":
            return to_misread(text).encode()
        case "utf-16le":
            return b"\xff\xfe" + text.encode("utf-16-le")
        case "utf-8":
            return text.encode()
    raise ValueError(f"unknown encoding: {encoding}")
