//! `indicators.toml`: measures (what is counted), indicators (how totals of measures are read) and
//! the breaks of their series.

pub mod breaks;
pub mod formula;
pub mod indicator;
pub mod measure;
pub mod target;
pub mod total;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::fault::Faults;
use super::section::{Section, read_toml};

pub use breaks::Break;
pub use formula::{Composite, Formula, Ratio};
pub use indicator::{Indicator, UnitOfMeasure, Version};
pub use measure::{Adds, LAST_BIN, Measure, Subject, When};
pub use target::Step;
pub use total::{Addend, Counted, Total};

/// Every measure and indicator, in the order of their names.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    pub measures: BTreeMap<String, Measure>,
    /// The conditions of the measures that have one, as they are written. No part of the hashes:
    /// what is only written otherwise counts the same.
    pub conditions: BTreeMap<String, String>,
    pub indicators: BTreeMap<String, Indicator>,
    /// The breaks of series, by day.
    pub breaks: Vec<Break>,
    /// Identifies the measures: the measures of a cell are stale when it changes.
    pub measures_hash: String,
    /// Every indicator that is declared, right or wrong.
    pub(super) ids: BTreeSet<String>,
    /// Identifies measures, indicators and breaks together.
    pub hash: String,
}

impl Definitions {
    /// Reads `indicators.toml`.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Self {
        read_toml(path, faults, |root, faults| {
            let mut definitions = Self::default();
            let declared = definitions.read_measures(root, faults);
            definitions.read_indicators(root, &declared, faults);
            definitions.read_breaks(root, faults);
            definitions.measures_hash =
                super::hash_of([format!("{:?}", definitions.measures).as_str()]);
            let Self { measures, indicators, breaks, .. } = &definitions;
            let all = format!("{measures:?}{indicators:?}{breaks:?}");
            definitions.hash = super::hash_of([all.as_str()]);
            definitions
        })
        .unwrap_or_default()
    }

    /// Returns a version of an indicator.
    pub fn version(&self, indicator: &str, number: i64) -> Option<&Version> {
        self.indicators.get(indicator)?.version(number)
    }

    /// Returns the measures that a formula reads, by itself and through other indicators.
    pub fn measures_of(&self, formula: &Formula) -> BTreeSet<&str> {
        let known = |name: &str| self.measures.get_key_value(name).map(|(name, _)| &**name);
        let own = formula.measures().into_iter().filter_map(known);
        let others = formula.indicators().into_iter().filter_map(|id| self.indicators.get(id));
        let others = others.flat_map(|indicator| &indicator.versions);
        own.chain(others.flat_map(|version| self.measures_of(&version.formula))).collect()
    }

    /// Identifies what each version of each indicator counts and how it is read: its value may
    /// change when this does.
    pub fn formula_hashes(&self) -> BTreeMap<String, String> {
        let mut hashes = BTreeMap::new();
        for (id, indicator) in &self.indicators {
            for version in &indicator.versions {
                hashes.insert(
                    format!("{id}@{}", version.number),
                    self.formula_hash(&version.formula),
                );
            }
        }
        hashes
    }

    fn formula_hash(&self, formula: &Formula) -> String {
        let measures = formula.measures().into_iter().filter_map(|name| self.measures.get(name));
        let mut parts = vec![format!("{formula:?}")];
        parts.extend(measures.map(|measure| format!("{measure:?}")));
        let others = formula.indicators().into_iter().filter_map(|id| self.indicators.get(id));
        let others = others.flat_map(|indicator| &indicator.versions);
        parts.extend(others.map(|version| self.formula_hash(&version.formula)));
        super::hash_of(parts.iter().map(String::as_str))
    }

    /// Reads the measures; returns the names of all that are declared, right or wrong.
    fn read_measures(&mut self, root: &Section<'_>, faults: &mut Faults) -> BTreeSet<String> {
        let mut declared = BTreeSet::new();
        let Some(section) = root.section("measure", faults) else { return declared };
        for (name, measure) in section.named_sections(faults) {
            declared.insert(name.value.clone());
            let read = Measure::read(name.value.clone(), &measure, faults);
            measure.finish(faults);
            let Some((measure, condition)) = read else { continue };
            let condition = condition.map(|text| (name.value.clone(), text));
            self.conditions.extend(condition);
            self.measures.insert(name.value, measure);
        }
        declared
    }

    fn read_indicators(
        &mut self,
        root: &Section<'_>,
        declared: &BTreeSet<String>,
        faults: &mut Faults,
    ) {
        let Some(section) = root.section("indicator", faults) else { return };
        let sections = section.named_sections(faults);
        for (name, section) in &sections {
            let read = Indicator::read(&name.value, section, declared, faults);
            section.finish(faults);
            self.indicators.extend(read.map(|read| (name.value.clone(), read)));
        }
        self.ids = sections.iter().map(|(name, _)| name.value.clone()).collect();
        for (name, section) in &sections {
            if let Some(indicator) = self.indicators.get(&name.value) {
                self.check_parts(indicator, section, faults);
                self.check_histograms(indicator, section, faults);
                self.check_levels(indicator, section, faults);
            }
        }
    }

    /// Says it where an indicator is made of an unknown one, or of one that is itself made of others
    /// as far.
    fn check_parts(&self, indicator: &Indicator, section: &Section<'_>, faults: &mut Faults) {
        let at = section.span.start..section.span.start;
        let made_of = indicator.versions.iter().flat_map(|version| version.formula.indicators());
        for part in made_of.chain(indicator.doubt.as_deref()) {
            if !self.ids.contains(part) {
                faults
                    .add(section.file, at.clone(), format!("unknown indicator `{part}`"))
                    .suggest(part, self.ids.iter().map(String::as_str));
            }
        }
        for version in &indicator.versions {
            for part in version.formula.indicators() {
                let others = self.indicators.get(part).into_iter().flat_map(|part| &part.versions);
                if others.map(|part| part.formula.rank()).max() >= Some(version.formula.rank()) {
                    faults
                        .add(section.file, at.clone(), format!("`{part}` is made of others itself"))
                        .hint("a product or complement is made of plain rates, an index of any but an index");
                }
                let unit = self.indicators.get(part).map(|part| part.unit);
                if unit.is_some_and(|unit| unit != UnitOfMeasure::Percent) {
                    let message = format!("`{part}` is no percentage");
                    faults.add(section.file, at.clone(), message);
                }
                let is_index = matches!(version.formula, Formula::Composite(_));
                let better = self.indicators.get(part).map(|part| part.higher_is_better);
                if is_index && better == Some(Some(false)) {
                    let message = format!("`{part}` is the better the lower it is");
                    let fault = faults.add(section.file, at.clone(), message);
                    fault.hint("points rise with a value: take its `complement`");
                }
            }
        }
    }

    /// Says it where a histogram is read as a number, or a number as a histogram, or an amount is
    /// told without what it is of.
    fn check_histograms(&self, indicator: &Indicator, section: &Section<'_>, faults: &mut Faults) {
        let at = section.span.start..section.span.start;
        let adds = |name: &str| self.measures.get(name).map(|measure| measure.adds);
        for version in &indicator.versions {
            let is_percentile = matches!(version.formula, Formula::Percentile { .. });
            for name in version.formula.measures() {
                let is_histogram = matches!(adds(name), Some(Adds::Bin(_)));
                if adds(name).is_some() && is_histogram != is_percentile {
                    let message = if is_percentile {
                        format!("`{name}` has no `bins`, which a percentile is read from")
                    } else {
                        format!("`{name}` is a histogram: only a percentile is read from it")
                    };
                    faults.add(section.file, at.clone(), message);
                }
            }
            let Formula::Ratio(ratio) = &version.formula else { continue };
            let is_amount = |name: &&str| matches!(adds(name), Some(Adds::Column(_)));
            let is_plain = ratio.denominator.is_none() && ratio.counted_by.is_none();
            if let Some(name) = ratio.numerator.measures().into_iter().find(is_amount)
                && is_plain
            {
                faults
                    .add(section.file, at.clone(), format!("`{name}` is a sum of an unknown many"))
                    .hint("`counted_by` names the measure that counts what it sums");
            }
        }
    }

    /// Says it where what is no level is read at the start of a period.
    fn check_levels(&self, indicator: &Indicator, section: &Section<'_>, faults: &mut Faults) {
        let formulas = indicator.versions.iter().map(|version| &version.formula);
        let ratios = formulas.filter_map(|formula| match formula {
            Formula::Ratio(ratio) => Some(ratio),
            _ => None,
        });
        for name in ratios.flat_map(Ratio::totals).flat_map(Total::at_starts) {
            if self.measures.get(name).is_some_and(|measure| !measure.is_stock()) {
                let at = section.span.start..section.span.start;
                let message = format!("`{name}` is no level: nothing of it is there at a start");
                faults.add(section.file, at, message).hint("a level is of `kind = \"stock\"`");
            }
        }
    }

    fn read_breaks(&mut self, root: &Section<'_>, faults: &mut Faults) {
        let Some(section) = root.section("break", faults) else { return };
        for (id, section) in section.named_sections(faults) {
            self.breaks.extend(Break::read(&id.value, &section, &self.ids, faults));
        }
        self.breaks.sort_by_key(|at| at.on);
    }
}
