"""Tax codes of invented enterprises. They begin with 00, which is the code of no province."""

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
FIRMS_IN_A_UNIT = 40
UNITS = ("G16.04", "G16.08")
WRONG = (15, 40, 90)  # which enterprise dossiers of a unit have a code with a wrong check digit


def tax_code(stem):
    """Returns the code of nine digits with its check digit, or None where there is none."""
    remainder = sum(int(digit) * weight for digit, weight in zip(stem, WEIGHTS)) % 11
    return None if remainder == 0 else f"{stem}{10 - remainder}"


def is_valid(code):
    """Whether the check digit is right."""
    return tax_code(code[:9]) == code[:10]


def give_tax_codes(dossiers):
    """Gives the enterprises among the applicants their codes, where the unit's system keeps them."""
    of_enterprises = [d for d in dossiers if d.applicant == "enterprise" and d.unit.code in UNITS]
    if not of_enterprises:
        return
    stems = (f"00{of_enterprises[0].unit.code[-2:]}{n:05d}" for n in range(1, 100))
    firms = [code for code in map(tax_code, stems) if code][:FIRMS_IN_A_UNIT]
    for n, dossier in enumerate(of_enterprises):
        code = firms[n * 7 % len(firms)]
        if n in WRONG:
            code = f"{code[:9]}{(int(code[9]) + 1) % 10}"
        dossier.tax_code = f"{code}-001" if n % 20 == 10 else code
