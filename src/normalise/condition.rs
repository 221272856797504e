//! Conditions over one record, in SQL's three-valued logic.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::pipeline::condition::{Comparison, Condition};

use super::record::Record;
use super::value::Value;

/// Whether a condition is false of a record; one that is unknown is not.
pub(super) fn is_false(condition: &Condition, record: &Record<'_>) -> bool {
    truth(condition, record) == Some(false)
}

/// Returns whether a condition holds; `None` where that is unknown.
fn truth(condition: &Condition, record: &Record<'_>) -> Option<bool> {
    match value(condition, record) {
        Value::Flag(flag) => Some(flag),
        _ => None,
    }
}

fn value<'v>(condition: &'v Condition, record: &'v Record<'_>) -> Value<'v> {
    let truth = |condition: &Condition| truth(condition, record);
    let holds = match condition {
        Condition::Column(name) => return record.get(name).clone(),
        Condition::Text(text) => return Value::Text(Cow::Borrowed(text)),
        Condition::Integer(number) => return Value::Integer(*number),
        Condition::Day(day) => return Value::Day(*day),
        Condition::Flag(flag) => Some(*flag),
        Condition::Compare(how, left, right) => {
            let order = order(&value(left, record), &value(right, record));
            order.map(|order| is_so(*how, order))
        }
        Condition::And(left, right) => match (truth(left), truth(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Condition::Or(left, right) => match (truth(left), truth(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Condition::Not(inner) => truth(inner).map(|holds| !holds),
        Condition::In(left, list) => {
            let left = value(left, record);
            let equal = |item| order(&left, &value(item, record)).map(Ordering::is_eq);
            let equals: Vec<Option<bool>> = list.iter().map(equal).collect();
            if equals.contains(&Some(true)) {
                Some(true)
            } else if equals.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
        Condition::IsNull(inner) => Some(value(inner, record) == Value::Null),
        Condition::Case(branches, otherwise) => {
            let taken = branches.iter().find(|(when, _)| truth(when) == Some(true));
            let taken = taken.map(|(_, then)| then).or(otherwise.as_deref());
            return taken.map_or(Value::Null, |then| value(then, record));
        }
        Condition::Add(left, right) => return sum(left, right, i64::checked_add, record),
        Condition::Subtract(left, right) => return sum(left, right, i64::checked_sub, record),
    };
    holds.map_or(Value::Null, Value::Flag)
}

fn sum(
    left: &Condition,
    right: &Condition,
    of: fn(i64, i64) -> Option<i64>,
    record: &Record<'_>,
) -> Value<'static> {
    match (value(left, record), value(right, record)) {
        (Value::Integer(left), Value::Integer(right)) => {
            of(left, right).map_or(Value::Null, Value::Integer)
        }
        _ => Value::Null,
    }
}

/// Compares two values of one type; `None` where one of them is unknown.
fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Day(left), Value::Day(right)) => Some(left.cmp(right)),
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Flag(left), Value::Flag(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn is_so(how: Comparison, order: Ordering) -> bool {
    match how {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}
