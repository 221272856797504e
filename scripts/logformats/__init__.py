"""Writers of dossier logs in the formats and encodings in which units send them."""
