//! Conditions of measures: a closed subset of SQL expressions, parsed by `sqlparser` and checked
//! against the columns they may use.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::NaiveDate;
use sqlparser::ast;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::columns::{Column, Kind};
use super::fault::{Faults, SourceFile};
use super::section::Placed;
use super::text::closest;

/// A checked condition or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Column(&'static str),
    Text(String),
    Integer(i64),
    Day(NaiveDate),
    Flag(bool),
    Compare(Comparison, Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    In(Box<Self>, Vec<Self>),
    IsNull(Box<Self>),
    Case(Vec<(Self, Self)>, Option<Box<Self>>),
    Add(Box<Self>, Box<Self>),
    Subtract(Box<Self>, Box<Self>),
}

impl Condition {
    /// Returns the names of the columns that it reads.
    pub fn columns(&self) -> BTreeSet<&'static str> {
        let mut names = BTreeSet::new();
        self.add_columns(&mut names);
        names
    }

    fn add_columns(&self, names: &mut BTreeSet<&'static str>) {
        match self {
            Self::Column(name) => {
                names.insert(name);
            }
            Self::Text(_) | Self::Integer(_) | Self::Day(_) | Self::Flag(_) => {}
            Self::Compare(_, left, right)
            | Self::And(left, right)
            | Self::Or(left, right)
            | Self::Add(left, right)
            | Self::Subtract(left, right) => {
                left.add_columns(names);
                right.add_columns(names);
            }
            Self::Not(inner) | Self::IsNull(inner) => inner.add_columns(names),
            Self::In(value, list) => {
                value.add_columns(names);
                list.iter().for_each(|item| item.add_columns(names));
            }
            Self::Case(branches, otherwise) => {
                for (condition, value) in branches {
                    condition.add_columns(names);
                    value.add_columns(names);
                }
                otherwise.iter().for_each(|value| value.add_columns(names));
            }
        }
    }
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a part of a condition yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text(Option<&'static [&'static str]>),
    Integer,
    Day,
    Flag,
}

impl Type {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Code(codes) => Self::Text(Some(codes)),
            Kind::Day | Kind::Instant => Self::Day,
            Kind::Integer => Self::Integer,
            Kind::Flag => Self::Flag,
            _ => Self::Text(None),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer => "a whole number",
            Self::Day => "a day",
            Self::Flag => "a condition",
        }
    }
}

/// A fault inside a condition: a message, perhaps the word it is about, perhaps a hint.
pub(super) struct Misfit {
    pub(super) message: String,
    pub(super) word: Option<String>,
    pub(super) hint: Option<String>,
}

type Checked = Result<(Condition, Type), Misfit>;

/// Parses a condition and checks it against the columns it may use; a fault names its place.
pub fn parse(
    text: &Placed<String>,
    columns: &[Column],
    file: &SourceFile,
    faults: &mut Faults,
) -> Option<Condition> {
    let checked = parse_sql(&text.value)
        .and_then(|sql| check(&sql, columns))
        .and_then(|(condition, kind)| expect_type(condition, kind, Type::Flag));
    match checked {
        Ok(condition) => Some(condition),
        Err(misfit) => {
            let span = place_of(misfit.word.as_deref(), text, file);
            faults.add(file, span, misfit.message).hint = misfit.hint;
            None
        }
    }
}

pub(super) fn parse_sql(text: &str) -> Result<ast::Expr, Misfit> {
    let mut parser = Parser::new(&GenericDialect {})
        .try_with_sql(text)
        .map_err(|error| misfit(format!("not an SQL expression: {error}")))?;
    let sql = parser.parse_expr().map_err(|e| misfit(format!("not an SQL expression: {e}")))?;
    let rest = parser.peek_token();
    if rest.token != sqlparser::tokenizer::Token::EOF {
        return Err(misfit(format!("unexpected `{}` after the expression", rest.token)));
    }
    Ok(sql)
}

fn check(sql: &ast::Expr, columns: &[Column]) -> Checked {
    let flag = |sql: &ast::Expr| {
        let (condition, kind) = check(sql, columns)?;
        expect_type(condition, kind, Type::Flag).map(Box::new)
    };
    let condition = match sql {
        ast::Expr::Nested(inner) => return check(inner, columns),
        ast::Expr::Identifier(name) => return check_column(&name.value, columns),
        ast::Expr::Value(value) => return check_literal(&value.value),
        ast::Expr::TypedString(typed) => {
            let text = typed.value.clone().into_string().unwrap_or_default();
            return parse_day(&text).map(|day| (Condition::Day(day), Type::Day));
        }
        ast::Expr::IsNull(inner) => Condition::IsNull(Box::new(check(inner, columns)?.0)),
        ast::Expr::IsNotNull(inner) => {
            let is_null = Condition::IsNull(Box::new(check(inner, columns)?.0));
            Condition::Not(Box::new(is_null))
        }
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => Condition::Not(flag(expr)?),
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => {
            let (Condition::Integer(value), kind) = check(expr, columns)? else {
                return Err(misfit("only a number can be negative"));
            };
            return Ok((Condition::Integer(-value), kind));
        }
        ast::Expr::InList { expr, list, negated } => {
            let (left, kind) = check(expr, columns)?;
            let values = list
                .iter()
                .map(|item| check(item, columns).and_then(|(v, k)| expect_like(v, k, kind)))
                .collect::<Result<_, _>>()?;
            negate(Condition::In(Box::new(left), values), *negated)
        }
        ast::Expr::Between { expr, negated, low, high } => {
            let at_least = compare(Comparison::GreaterOrEqual, expr, low, columns)?;
            let at_most = compare(Comparison::LessOrEqual, expr, high, columns)?;
            negate(Condition::And(Box::new(at_least), Box::new(at_most)), *negated)
        }
        ast::Expr::Case { operand: None, conditions, else_result, .. } => {
            return check_case(conditions, else_result.as_deref(), columns);
        }
        ast::Expr::BinaryOp { left, op, right } => match op {
            ast::BinaryOperator::And => Condition::And(flag(left)?, flag(right)?),
            ast::BinaryOperator::Or => Condition::Or(flag(left)?, flag(right)?),
            ast::BinaryOperator::Plus | ast::BinaryOperator::Minus => {
                return check_sum(op, left, right, columns);
            }
            _ => compare(comparison(op)?, left, right, columns)?,
        },
        _ => return Err(misfit(format!("`{sql}` is outside the conditions' language"))),
    };
    Ok((condition, Type::Flag))
}

fn check_column(name: &str, columns: &[Column]) -> Checked {
    if let Some(column) = columns.iter().find(|column| column.name == name) {
        return Ok((Condition::Column(column.name), Type::of(column.kind)));
    }
    let near = closest(name, columns.iter().map(|column| column.name));
    Err(Misfit {
        message: format!("unknown column `{name}`"),
        word: Some(name.to_owned()),
        hint: near.map(|near| format!("did you mean `{near}`?")),
    })
}

fn check_literal(value: &ast::Value) -> Checked {
    match value {
        ast::Value::Number(digits, _) => {
            let parsed = digits.to_string().parse().ok();
            let number =
                parsed.ok_or_else(|| misfit(format!("`{digits}` is not a whole number")))?;
            Ok((Condition::Integer(number), Type::Integer))
        }
        ast::Value::SingleQuotedString(text) => {
            Ok((Condition::Text(text.clone()), Type::Text(None)))
        }
        ast::Value::Boolean(flag) => Ok((Condition::Flag(*flag), Type::Flag)),
        _ => Err(misfit(format!("`{value}` is outside the conditions' language"))),
    }
}

fn check_case(
    branches: &[ast::CaseWhen],
    otherwise: Option<&ast::Expr>,
    columns: &[Column],
) -> Checked {
    let mut kind = None;
    let mut checked = Vec::new();
    for branch in branches {
        let (when, when_kind) = check(&branch.condition, columns)?;
        let (then, then_kind) = check(&branch.result, columns)?;
        let wanted = *kind.get_or_insert(then_kind);
        let then = expect_like(then, then_kind, wanted)?;
        checked.push((expect_type(when, when_kind, Type::Flag)?, then));
    }
    let kind = kind.ok_or_else(|| misfit("CASE without WHEN"))?;
    let otherwise = match otherwise {
        Some(sql) => {
            let (value, value_kind) = check(sql, columns)?;
            Some(Box::new(expect_like(value, value_kind, kind)?))
        }
        None => None,
    };
    Ok((Condition::Case(checked, otherwise), kind))
}

fn check_sum(
    op: &ast::BinaryOperator,
    left: &ast::Expr,
    right: &ast::Expr,
    columns: &[Column],
) -> Checked {
    let (left, left_kind) = check(left, columns)?;
    let (right, right_kind) = check(right, columns)?;
    let left = Box::new(expect_type(left, left_kind, Type::Integer)?);
    let right = Box::new(expect_type(right, right_kind, Type::Integer)?);
    let is_sum = *op == ast::BinaryOperator::Plus;
    let sum = if is_sum { Condition::Add(left, right) } else { Condition::Subtract(left, right) };
    Ok((sum, Type::Integer))
}

fn compare(
    how: Comparison,
    left: &ast::Expr,
    right: &ast::Expr,
    columns: &[Column],
) -> Result<Condition, Misfit> {
    let (left, left_kind) = check(left, columns)?;
    let (right, right_kind) = check(right, columns)?;
    let (left, right) = if matches!(left, Condition::Text(_)) {
        (expect_like(left, left_kind, right_kind)?, right)
    } else {
        let right = expect_like(right, right_kind, left_kind)?;
        (left, right)
    };
    Ok(Condition::Compare(how, Box::new(left), Box::new(right)))
}

fn comparison(op: &ast::BinaryOperator) -> Result<Comparison, Misfit> {
    Ok(match op {
        ast::BinaryOperator::Eq => Comparison::Equal,
        ast::BinaryOperator::NotEq => Comparison::Unequal,
        ast::BinaryOperator::Lt => Comparison::Less,
        ast::BinaryOperator::LtEq => Comparison::LessOrEqual,
        ast::BinaryOperator::Gt => Comparison::Greater,
        ast::BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return Err(misfit(format!("`{op}` is outside the conditions' language"))),
    })
}

/// Fits a value to the type it is compared with: a text may be a day, a code must be listed.
fn expect_like(value: Condition, kind: Type, wanted: Type) -> Result<Condition, Misfit> {
    match (value, kind, wanted) {
        (Condition::Text(text), _, Type::Day) => parse_day(&text).map(Condition::Day),
        (Condition::Text(text), _, Type::Text(Some(codes))) if !codes.contains(&&*text) => {
            let near = closest(&text, codes.iter().copied());
            Err(Misfit {
                message: format!("`{text}` is not in the column's list"),
                hint: Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of: {}", codes.join(", ")),
                }),
                word: Some(text),
            })
        }
        (value, Type::Text(_), Type::Text(_)) => Ok(value),
        (value, kind, wanted) => expect_type(value, kind, wanted),
    }
}

fn expect_type(value: Condition, kind: Type, wanted: Type) -> Result<Condition, Misfit> {
    if kind == wanted {
        return Ok(value);
    }
    let word = if let Condition::Column(name) = &value { Some((*name).to_owned()) } else { None };
    let what = word.as_deref().map_or_else(String::new, |name| format!(" `{name}`"));
    let message = format!("expected {}, found {}{what}", wanted.name(), kind.name());
    Err(Misfit { message, word, hint: None })
}

fn parse_day(text: &str) -> Result<NaiveDate, Misfit> {
    text.parse().ok().ok_or_else(|| Misfit {
        message: format!("`{text}` is not a day"),
        word: Some(text.to_owned()),
        hint: Some("a day is written '2020-10-31'".to_owned()),
    })
}

fn negate(condition: Condition, negated: bool) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

pub(super) fn misfit(message: impl Into<String>) -> Misfit {
    Misfit { message: message.into(), word: None, hint: None }
}

/// Finds the word inside the text of the file, so that the fault points at it.
pub(super) fn place_of(
    word: Option<&str>,
    text: &Placed<String>,
    file: &SourceFile,
) -> Range<usize> {
    let found = word.and_then(|word| {
        let at = file.text[text.span.clone()].find(word)?;
        Some(text.span.start + at..text.span.start + at + word.len())
    });
    found.unwrap_or_else(|| text.span.clone())
}
