//! One record of a delimited text, a field behind the other.

use std::io::Write as _;

use super::days::{Days, Moment};

/// The forms in which days and times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `31/10/2020 07:45`
    Slashes,
    /// `31-10-2020 07:45`
    Hyphens,
    /// `2020-10-31 07:45:00`
    Iso,
    /// `2020-10-31T07:45:00+07:00`
    IsoOffset,
    /// `2020-10-31T07:45:00.000Z`, and local time all the same
    IsoFalse,
    /// `20201031074500`
    Digits,
}

/// Writes the fields of a record.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    separator: u8,
    n_fields: usize,
}

impl<'a> Line<'a> {
    /// Begins a record.
    pub(super) fn new(out: &'a mut Vec<u8>, separator: u8) -> Self {
        Self { out, separator, n_fields: 0 }
    }

    /// Begins the next field, for what is written piece by piece.
    pub(super) fn field(&mut self) -> &mut Vec<u8> {
        if self.n_fields > 0 {
            self.out.push(self.separator);
        }
        self.n_fields += 1;
        self.out
    }

    /// Writes a text that needs no quotes.
    pub(super) fn text(&mut self, text: &str) {
        self.field().extend_from_slice(text.as_bytes());
    }

    /// Writes a text in quotes.
    pub(super) fn quoted(&mut self, text: &str) {
        let out = self.field();
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }

    /// Writes texts, a field each.
    pub(super) fn texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.text(text);
        }
    }

    /// Writes a whole number.
    pub(super) fn number(&mut self, number: impl Into<u64>) {
        push_number(self.field(), number.into(), 1);
    }

    /// Writes a point in time, or nothing.
    pub(super) fn moment(&mut self, moment: Option<Moment>, form: Form, days: &Days) {
        let out = self.field();
        if let Some(moment) = moment {
            push_moment(out, moment, form, days);
        }
    }

    /// Writes a day, or nothing.
    pub(super) fn day(&mut self, moment: Option<Moment>, form: Form, days: &Days) {
        let out = self.field();
        if let Some(moment) = moment {
            push_day(out, moment, form, days);
        }
    }

    /// Ends the record.
    pub(super) fn end(self, line_end: &[u8]) {
        self.out.extend_from_slice(line_end);
    }
}

/// Writes a text made of several parts.
pub(super) fn push(out: &mut Vec<u8>, parts: std::fmt::Arguments<'_>) {
    out.write_fmt(parts).expect("a vector takes whatever is written");
}

/// Writes a number, with zeros before it up to a width.
pub(super) fn push_number(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let (mut at, mut rest) = (digits.len(), number);
    while rest > 0 || digits.len() - at < width {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a day.
pub(super) fn push_day(out: &mut Vec<u8>, moment: Moment, form: Form, days: &Days) {
    let day = days.day(moment);
    let (parts, between): ([(u32, usize); 3], &[u8]) = match form {
        Form::Slashes => ([(day.day, 2), (day.month, 2), (day.year, 4)], b"/"),
        Form::Hyphens => ([(day.day, 2), (day.month, 2), (day.year, 4)], b"-"),
        Form::Digits => ([(day.year, 4), (day.month, 2), (day.day, 2)], b""),
        Form::Iso | Form::IsoOffset | Form::IsoFalse => {
            ([(day.year, 4), (day.month, 2), (day.day, 2)], b"-")
        }
    };
    for (at, (number, width)) in parts.into_iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(between);
        }
        push_number(out, number.into(), width);
    }
}

/// Writes a point in time.
pub(super) fn push_moment(out: &mut Vec<u8>, moment: Moment, form: Form, days: &Days) {
    push_day(out, moment, form, days);
    let [hour, minute] = [moment / 60 % 24, moment % 60].map(u64::from);
    let (before, between, after): (&[u8], &[u8], &[u8]) = match form {
        Form::Slashes | Form::Hyphens => (b" ", b":", b""),
        Form::Iso => (b" ", b":", b":00"),
        Form::IsoOffset => (b"T", b":", b":00+07:00"),
        Form::IsoFalse => (b"T", b":", b":00.000Z"),
        Form::Digits => (b"", b"", b"00"),
    };
    out.extend_from_slice(before);
    push_number(out, hour, 2);
    out.extend_from_slice(between);
    push_number(out, minute, 2);
    out.extend_from_slice(after);
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::pipeline::calendar::Calendar;

    #[test]
    fn a_record_is_written_field_by_field() {
        let from = NaiveDate::from_ymd_opt(2020, 10, 1).unwrap();
        let days = Days::new(from, 1, &Calendar::default());
        let moment = days.start(0) + 30 * super::super::days::DAY + 7 * 60 + 5;
        let mut out = Vec::new();
        let mut line = Line::new(&mut out, b',');
        line.text("a");
        line.quoted("b,c");
        line.number(1200_u32);
        line.day(None, Form::Slashes, &days);
        for form in [Form::Slashes, Form::Hyphens, Form::Iso, Form::IsoFalse, Form::Digits] {
            line.moment(Some(moment), form, &days);
        }
        line.end(b"\n");
        let text = String::from_utf8(out).unwrap();
        let expected = "a,\"b,c\",1200,,31/10/2020 07:05,31-10-2020 07:05,2020-10-31 07:05:00,\
                        2020-10-31T07:05:00.000Z,20201031070500\n";
        assert_eq!(text, expected);
    }
}
