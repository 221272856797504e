//! Conditions as polars expressions, in SQL's three-valued logic: what is unknown stays null until
//! the caller takes null for false.

use chrono::{Datelike as _, NaiveDate};
use polars::prelude::{Expr, NULL, Scalar, col, lit, when};

use crate::pipeline::condition::{Comparison, Condition};

/// Compiles a checked condition.
pub(super) fn compile(condition: &Condition) -> Expr {
    match condition {
        Condition::Column(name) => col(*name),
        Condition::Text(text) => lit(text.as_str()),
        Condition::Integer(value) => integer_literal(*value),
        Condition::Day(day) => day_literal(*day),
        Condition::Flag(flag) => lit(*flag),
        Condition::Compare(how, left, right) => compare(*how, compile(left), compile(right)),
        Condition::And(left, right) => compile(left).and(compile(right)),
        Condition::Or(left, right) => compile(left).or(compile(right)),
        Condition::Not(inner) => compile(inner).not(),
        Condition::In(value, list) => {
            let value = compile(value);
            let equals = list.iter().map(|item| value.clone().eq(compile(item)));
            equals.reduce(Expr::or).unwrap_or_else(|| lit(false))
        }
        Condition::IsNull(inner) => compile(inner).is_null(),
        Condition::Case(branches, otherwise) => {
            let otherwise = otherwise.as_deref().map_or_else(|| lit(NULL), compile);
            branches.iter().rfold(otherwise, |rest, (condition, value)| {
                when(compile(condition)).then(compile(value)).otherwise(rest)
            })
        }
        Condition::Add(left, right) => compile(left) + compile(right),
        Condition::Subtract(left, right) => compile(left) - compile(right),
    }
}

fn compare(how: Comparison, left: Expr, right: Expr) -> Expr {
    match how {
        Comparison::Equal => left.eq(right),
        Comparison::Unequal => left.neq(right),
        Comparison::Less => left.lt(right),
        Comparison::LessOrEqual => left.lt_eq(right),
        Comparison::Greater => left.gt(right),
        Comparison::GreaterOrEqual => left.gt_eq(right),
    }
}

/// A literal of the columns' type: `lit` would make a number of no fixed size, which is an `Int32`
/// where no column tells better.
pub(super) fn integer_literal(value: i64) -> Expr {
    lit(Scalar::from(value))
}

/// A literal of the columns' type: `lit` would make a time stamp of a `NaiveDate`.
fn day_literal(day: NaiveDate) -> Expr {
    let days = day.num_days_from_ce() - NaiveDate::default().num_days_from_ce();
    lit(Scalar::new_date(days))
}
