//! Totals: the integers of measures put together into what stands above or below the line.

use std::collections::BTreeSet;
use std::fmt;

use sqlparser::ast;

use crate::pipeline::condition::{Misfit, misfit, parse_sql, place_of};
use crate::pipeline::fault::Faults;
use crate::pipeline::section::{Placed, Section};
use crate::pipeline::text::closest;

/// Measures added, subtracted or compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Total {
    Measure(String),
    Add(Box<Self>, Box<Self>),
    Subtract(Box<Self>, Box<Self>),
    /// The greatest of some.
    Greatest(Vec<Self>),
    /// How many procedures each of some measures counts anything of.
    Procedures(Vec<String>),
    /// What a level was when the period began.
    AtStart(String),
    /// What a measure counts for the whole ministry.
    Everywhere(String),
}

/// What the integers of measures are taken from, for one scope and period.
pub trait Counted {
    /// Returns the value of a measure.
    fn measure(&self, name: &str) -> i64;
    /// Returns the level of a stock when the period began.
    fn at_start(&self, name: &str) -> i64;
    /// Returns the value of a measure for the whole ministry.
    fn everywhere(&self, name: &str) -> i64;
    /// Counts the procedures of which each measure counts anything.
    fn procedures(&self, names: &[String]) -> i64;
}

/// A measure that is added to a total or taken off it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addend<'t> {
    /// 1 where it is added, -1 where it is taken off.
    pub sign: i64,
    pub measure: &'t str,
    /// Whether it is the level when the period began.
    pub is_at_start: bool,
}

impl Total {
    /// Reads a total; a fault names its place.
    pub(super) fn read(
        key: &'static str,
        section: &Section<'_>,
        declared: &BTreeSet<String>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let text = section.text(key, faults)?;
        let checked = parse_sql(&text.value).and_then(|sql| check(&sql, declared));
        checked.map_err(|misfit| tell(misfit, &text, section, faults)).ok()
    }

    /// Returns the total of a scope and period.
    pub fn of(&self, counted: &dyn Counted) -> i64 {
        match self {
            Self::Measure(name) => counted.measure(name),
            Self::Add(left, right) => left.of(counted) + right.of(counted),
            Self::Subtract(left, right) => left.of(counted) - right.of(counted),
            Self::Greatest(totals) => {
                totals.iter().map(|total| total.of(counted)).max().unwrap_or_default()
            }
            Self::Procedures(names) => counted.procedures(names),
            Self::AtStart(name) => counted.at_start(name),
            Self::Everywhere(name) => counted.everywhere(name),
        }
    }

    /// Returns the measures that add up to the total of a scope and period: of several, those of
    /// the greatest. Procedures, and what is counted elsewhere, do not add up.
    pub fn terms(&self, counted: &dyn Counted) -> Vec<Addend<'_>> {
        match self {
            Self::Measure(name) => vec![Addend { sign: 1, measure: name, is_at_start: false }],
            Self::AtStart(name) => vec![Addend { sign: 1, measure: name, is_at_start: true }],
            Self::Add(left, right) => [left.terms(counted), right.terms(counted)].concat(),
            Self::Subtract(left, right) => {
                let taken = right.terms(counted).into_iter();
                let taken = taken.map(|of| Addend { sign: -of.sign, ..of });
                left.terms(counted).into_iter().chain(taken).collect()
            }
            Self::Greatest(totals) => {
                // Of equal ones the first, as a reader would.
                let greatest = totals.iter().rev().max_by_key(|total| total.of(counted));
                greatest.map_or_else(Vec::new, |total| total.terms(counted))
            }
            Self::Procedures(_) | Self::Everywhere(_) => Vec::new(),
        }
    }

    /// Returns the names of the measures that it reads, in order.
    pub fn measures(&self) -> BTreeSet<&str> {
        match self {
            Self::Measure(name) => BTreeSet::from([&**name]),
            Self::Add(left, right) | Self::Subtract(left, right) => {
                left.measures().into_iter().chain(right.measures()).collect()
            }
            Self::Greatest(totals) => totals.iter().flat_map(Self::measures).collect(),
            Self::Procedures(names) => names.iter().map(String::as_str).collect(),
            Self::AtStart(name) | Self::Everywhere(name) => BTreeSet::from([&**name]),
        }
    }

    /// Returns the names of the measures whose level at the start of a period it reads.
    pub fn at_starts(&self) -> BTreeSet<&str> {
        match self {
            Self::AtStart(name) => BTreeSet::from([&**name]),
            Self::Add(left, right) | Self::Subtract(left, right) => {
                left.at_starts().into_iter().chain(right.at_starts()).collect()
            }
            Self::Greatest(totals) => totals.iter().flat_map(Self::at_starts).collect(),
            Self::Measure(_) | Self::Procedures(_) | Self::Everywhere(_) => BTreeSet::new(),
        }
    }

    /// Whether the totals of two periods of flows add up to that of both.
    pub fn is_linear(&self) -> bool {
        match self {
            Self::Measure(_) | Self::Everywhere(_) => true,
            Self::Add(left, right) | Self::Subtract(left, right) => {
                left.is_linear() && right.is_linear()
            }
            Self::Greatest(_) | Self::Procedures(_) | Self::AtStart(_) => false,
        }
    }

    /// Returns the lists of measures whose procedures are counted together.
    pub fn joined(&self) -> Vec<&[String]> {
        match self {
            Self::Measure(_) | Self::AtStart(_) | Self::Everywhere(_) => Vec::new(),
            Self::Add(left, right) | Self::Subtract(left, right) => {
                [left.joined(), right.joined()].concat()
            }
            Self::Greatest(totals) => totals.iter().flat_map(Self::joined).collect(),
            Self::Procedures(names) => vec![names],
        }
    }
}

/// As it is written.
impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measure(name) => f.write_str(name),
            Self::Add(left, right) => write!(f, "{left} + {right}"),
            Self::Subtract(left, right) => match **right {
                Self::Add(..) | Self::Subtract(..) => write!(f, "{left} - ({right})"),
                _ => write!(f, "{left} - {right}"),
            },
            Self::Greatest(totals) => {
                let totals: Vec<String> = totals.iter().map(ToString::to_string).collect();
                write!(f, "greatest({})", totals.join(", "))
            }
            Self::Procedures(names) => write!(f, "procedures({})", names.join(", ")),
            Self::AtStart(name) => write!(f, "at_start({name})"),
            Self::Everywhere(name) => write!(f, "everywhere({name})"),
        }
    }
}

fn check(sql: &ast::Expr, declared: &BTreeSet<String>) -> Result<Total, Misfit> {
    match sql {
        ast::Expr::Nested(inner) => check(inner, declared),
        ast::Expr::Identifier(name) => check_measure(&name.value, declared),
        ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Plus, right } => {
            let [left, right] = [check(left, declared)?, check(right, declared)?].map(Box::new);
            Ok(Total::Add(left, right))
        }
        ast::Expr::BinaryOp { left, op: ast::BinaryOperator::Minus, right } => {
            let [left, right] = [check(left, declared)?, check(right, declared)?].map(Box::new);
            Ok(Total::Subtract(left, right))
        }
        ast::Expr::Function(function) => check_function(function, declared),
        _ => Err(misfit(format!(
            "`{sql}` is outside the language of totals: measures, `+`, `-`, `greatest(…)`, \
             `procedures(…)`, `at_start(…)` and `everywhere(…)`"
        ))),
    }
}

fn check_function(function: &ast::Function, declared: &BTreeSet<String>) -> Result<Total, Misfit> {
    let ast::FunctionArguments::List(list) = &function.args else {
        return Err(misfit(format!("`{function}` lacks its measures")));
    };
    let mut totals = Vec::new();
    for arg in &list.args {
        let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(sql)) = arg else {
            return Err(misfit(format!("`{arg}` is no measure")));
        };
        totals.push(check(sql, declared)?);
    }
    let name = function.name.to_string();
    if totals.is_empty() {
        return Err(misfit(format!("`{name}` lacks its measures")));
    }
    let measure = |total| match total {
        Total::Measure(name) => Ok(name),
        total => Err(misfit(format!("`{total}` is no single measure"))),
    };
    match &*name {
        "greatest" => Ok(Total::Greatest(totals)),
        "procedures" => {
            Ok(Total::Procedures(totals.into_iter().map(measure).collect::<Result<_, _>>()?))
        }
        "at_start" | "everywhere" => match <[Total; 1]>::try_from(totals) {
            Ok([total]) if name == "at_start" => Ok(Total::AtStart(measure(total)?)),
            Ok([total]) => Ok(Total::Everywhere(measure(total)?)),
            Err(_) => Err(misfit(format!("`{name}` takes one measure"))),
        },
        _ => Err(Misfit {
            message: format!("unknown function `{name}`"),
            hint: Some("one of: greatest, procedures, at_start, everywhere".to_owned()),
            word: Some(name),
        }),
    }
}

fn check_measure(name: &str, declared: &BTreeSet<String>) -> Result<Total, Misfit> {
    if declared.contains(name) {
        return Ok(Total::Measure(name.to_owned()));
    }
    let near = closest(name, declared.iter().map(String::as_str));
    Err(Misfit {
        message: format!("unknown measure `{name}`"),
        word: Some(name.to_owned()),
        hint: near.map(|near| format!("did you mean `{near}`?")),
    })
}

fn tell(misfit: Misfit, text: &Placed<String>, section: &Section<'_>, faults: &mut Faults) {
    let span = place_of(misfit.word.as_deref(), text, section.file);
    faults.add(section.file, span, misfit.message).hint = misfit.hint;
}
