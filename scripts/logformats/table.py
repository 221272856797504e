"""A log as a sheet: what stands above the headings, the headings, the rows, what stands below."""

from dataclasses import dataclass, field


@dataclass
class Table:
    """Cells are texts, numbers, flags, days, times or None; a format that knows only text gets text."""

    headings: list  # rows of headings, mostly one; where cells are merged the first has the text
    rows: list
    titles: list = field(default_factory=list)  # a row of one cell spans the table
    below: list = field(default_factory=list)  # totals, signatures
    merges: list = field(default_factory=list)  # workbooks: (first row, first column, last row, last column)
    sheet: str = "Sheet1"
    hidden_sheets: dict = field(default_factory=dict)  # workbooks: name to rows
    empty_sheets: list = field(default_factory=list)  # workbooks: names

    @property
    def keys(self):
        """The names of the columns."""
        return self.headings[-1]

    def lines(self):
        """Every row from the first title to the last signature."""
        return [*self.titles, *self.headings, *self.rows, *self.below]

    def records(self):
        """The rows by their headings, for formats that name each value."""
        for n, row in enumerate(self.rows, 1):
            if len(row) != len(self.keys):
                raise ValueError(f"row {n}: {len(row)} fields under {len(self.keys)} headings")
        return [dict(zip(self.keys, row)) for row in self.rows]
