//! The grammar of `docs/protocol/04 §8.1`: ordered choice, greedy, no way back into a completed repetition.
//!
//! Terms are read by combinators. Operators and groups are read by a loop with a stack of its own, because a query may nest as
//! deep as it is long. An operand that fails makes the whole query fail: what the peers try after going back ends before the
//! same place. So only the expectations at the furthest place have to be recorded for the error.

use winnow::Result;
use winnow::combinator::{alt, delimited, opt, preceded, repeat};
use winnow::prelude::*;
use winnow::token::{any, one_of, take_while};

use super::error::{IqlError, Position};
use super::{Operation, Predicate, Term, dates};

/// The expectations where an operand begins.
const OPERAND: [&str; 5] = ["\"!\"", "\"(\"", "metadata field term", "primary field term", "tag term"];
const BLANK: &str = "whitespace";

pub(super) fn parse(text: &str) -> std::result::Result<Vec<Operation>, IqlError> {
    let mut scanner = Scanner { text, rest: text, furthest: 0, expected: Vec::new() };
    scanner.query().ok_or_else(|| scanner.error())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

/// A group that is being read (the whole query is the outermost).
#[derive(Default)]
struct Group {
    /// How many `!` stand before it.
    negations: usize,
    /// Operators whose right side is not complete; stronger ones behind weaker ones.
    pending: Vec<Operator>,
}

struct Scanner<'t> {
    text: &'t str,
    rest: &'t str,
    /// The furthest place at which something was expected, and what.
    furthest: usize,
    expected: Vec<&'static str>,
}

impl Scanner<'_> {
    fn query(&mut self) -> Option<Vec<Operation>> {
        let mut operations = Vec::new();
        let mut groups = vec![Group::default()];
        loop {
            self.operand(&mut operations, &mut groups)?;
            // Behind an operand: close groups until an operator asks for the next one.
            loop {
                let end = self.offset();
                let blanks = self.blanks();
                if blanks && self.operator(&mut operations, &mut groups)? {
                    break;
                }
                if groups.len() == 1 {
                    return self.end(end, &mut operations, groups.pop()?);
                }
                if !blanks || !self.literal(")", "\")\"") {
                    return None;
                }
                let group = groups.pop()?;
                complete(&mut operations, group);
            }
        }
    }

    /// Reads `!` and `(` and the term behind them.
    fn operand(&mut self, operations: &mut Vec<Operation>, groups: &mut Vec<Group>) -> Option<()> {
        let mut negations = 0;
        loop {
            let start = self.offset();
            if self.rest.starts_with('!') {
                self.advance(1);
                negations += 1;
            } else if self.rest.starts_with('(') {
                self.advance(1);
                groups.push(Group { negations, ..Group::default() });
                negations = 0;
                if !self.blanks() {
                    return None;
                }
            } else if let Ok(term) = term.parse_next(&mut self.rest) {
                operations.push(Operation::Term(term));
                operations.extend(std::iter::repeat_n(Operation::Not, negations));
                return Some(());
            } else {
                OPERAND.into_iter().for_each(|name| self.expect(start, name));
                return None;
            }
        }
    }

    /// Reads an operator and the blanks behind it. `Some(false)` if there is none.
    fn operator(&mut self, operations: &mut Vec<Operation>, groups: &mut [Group]) -> Option<bool> {
        let operator = if self.literal("&&", "\"&&\"") {
            Operator::And
        } else if self.literal("||", "\"||\"") {
            Operator::Or
        } else {
            return Some(false);
        };
        if !self.blanks() {
            return None;
        }
        let pending = &mut groups.last_mut()?.pending;
        // An operator that binds at least as strong as the new one has both its sides now.
        while let Some(previous) = pending.pop_if(|previous| operator == Operator::Or || *previous == Operator::And) {
            operations.push(operation(previous));
        }
        pending.push(operator);
        Some(true)
    }

    /// The end of the query, unless something follows its last operand at `end`.
    fn end(&mut self, end: usize, operations: &mut Vec<Operation>, outermost: Group) -> Option<Vec<Operation>> {
        if end < self.text.len() {
            self.expect(end, "end of input");
            return None;
        }
        complete(operations, outermost);
        Some(std::mem::take(operations))
    }

    /// Skips blanks; whether there was one. Another would always have been possible.
    fn blanks(&mut self) -> bool {
        let trimmed = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let found = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        self.expect(self.offset(), BLANK);
        found
    }

    fn literal(&mut self, literal: &str, name: &'static str) -> bool {
        match self.rest.strip_prefix(literal) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => {
                self.expect(self.offset(), name);
                false
            }
        }
    }

    fn offset(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn expect(&mut self, offset: usize, name: &'static str) {
        if offset > self.furthest {
            self.furthest = offset;
            self.expected.clear();
        }
        if offset == self.furthest {
            self.expected.push(name);
        }
    }

    fn error(&self) -> IqlError {
        let start = Position::at(self.text, self.furthest);
        let found = self.text.get(self.furthest..).and_then(|rest| rest.chars().next());
        let end = match found {
            None => start,
            Some('\n') => Position { offset: start.offset + 1, line: start.line + 1, column: 1 },
            Some(_) => Position { offset: start.offset + 1, column: start.column + 1, ..start },
        };
        let mut expected = self.expected.clone();
        expected.sort_unstable();
        expected.dedup();
        IqlError { start, end, expected, found }
    }
}

fn operation(operator: Operator) -> Operation {
    match operator {
        Operator::And => Operation::And,
        Operator::Or => Operation::Or,
    }
}

fn complete(operations: &mut Vec<Operation>, group: Group) {
    operations.extend(group.pending.into_iter().rev().map(operation));
    operations.extend(std::iter::repeat_n(Operation::Not, group.negations));
}

fn term(input: &mut &str) -> Result<Term> {
    alt((value_term, path_term, tag_term)).parse_next(input)
}

/// `Type.path=…`, `Type=…` or `Type`, tried in this order.
fn value_term(input: &mut &str) -> Result<Term> {
    let type_name =
        (one_of('A'..='Z'), take_while(0.., letter_or_digit)).take().map(str::to_owned).parse_next(input)?;
    let at_path = (repeat(1.., preceded('.', segment)), predicate);
    let at_value = predicate.map(|predicate| (vec!["value".to_owned()], predicate));
    let condition = opt(alt((at_path, at_value))).parse_next(input)?;
    Ok(Term::Value { type_name, condition })
}

fn path_term(input: &mut &str) -> Result<Term> {
    let first = segment.parse_next(input)?;
    let more: Vec<String> = repeat(0.., preceded('.', segment)).parse_next(input)?;
    let path = std::iter::once(first).chain(more).collect();
    Ok(Term::Path(path, predicate.parse_next(input)?))
}

fn tag_term(input: &mut &str) -> Result<Term> {
    preceded('#', operand_text).map(Term::Tag).parse_next(input)
}

/// A name of at least two characters.
fn segment(input: &mut &str) -> Result<String> {
    (one_of('a'..='z'), take_while(1.., letter_or_digit)).take().map(str::to_owned).parse_next(input)
}

fn letter_or_digit(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn predicate(input: &mut &str) -> Result<Predicate> {
    alt((
        preceded('=', operand_text).map(Predicate::Equals),
        preceded('>', operand_text).map(|operand| Predicate::NotBefore(dates::of_text(&operand))),
        preceded('<', operand_text).map(|operand| Predicate::NotAfter(dates::of_text(&operand))),
        preceded('~', operand_text).map(Predicate::Contains),
        '?'.value(Predicate::Exists),
    ))
    .parse_next(input)
}

/// The text a member is compared with: quoted, or else everything up to a blank (only U+0020 is one here), quote or lone backslash.
fn operand_text(input: &mut &str) -> Result<String> {
    let quoted = delimited('\'', characters(|character| character != '\''), '\'');
    alt((quoted, characters(|character| character != '\'' && character != ' '))).parse_next(input)
}

/// Any number of characters, a backslash and a quote written with a backslash before them.
fn characters<'t>(is_plain: impl Fn(char) -> bool) -> impl Parser<&'t str, String, winnow::error::ContextError> {
    let escaped = preceded('\\', one_of(['\\', '\'']));
    let plain = any.verify(move |character: &char| *character != '\\' && is_plain(*character));
    repeat(0.., alt((escaped, plain)))
}
