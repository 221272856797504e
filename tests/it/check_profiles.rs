//! `hoso check` refuses what a profile or a feed says that could never be, or would do nothing.

use super::world::World;

/// Adds to a profile (before its columns, then at its end) and returns what `check` says.
fn checked(keys: &str, tables: &str) -> String {
    let world = World::small();
    world.edit("profiles/list.toml", "\n[columns]", &format!("{keys}\n\n[columns]"));
    let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    world.write("profiles/list.toml", format!("{profile}\n{tables}\n"));
    let ran = world.hoso(&["check"]);
    let expected = if ran.stderr.is_empty() { 0 } else { 3 };
    assert_eq!(ran.code, expected, "{keys} {tables}: {ran}");
    ran.stderr
}

#[test]
fn a_code_that_stands_for_nothing_known_is_a_fault() {
    for (tables, told) in [
        (
            "[codes.procedure_code]\n\"1.00001\" = [\"A\"]",
            "procedure `1.00001` is not in `services.csv`",
        ),
        ("[codes.procedure_code]\n\"1.00001\" = [\"A\"]", "did you mean `1.000001`?"),
        ("[codes.unit_code]\n\"G99.07\" = [\"Cục Bảy\"]", "unit `G99.07` is not in `units.csv`"),
        ("[codes.fee_vnd]\nfree = [\"miễn\"]", "`free` is not a value of `fee_vnd`"),
        ("[codes.due_on]\n\"20/01/2020\" = [\"?\"]", "`due_on` holds no codes"),
        ("[codes.event_time]\nx = [\"?\"]", "`event_time` holds no codes"),
        ("[codes.dossier_number]\nx = [\"?\"]", "`dossier_number` holds no codes"),
        ("[codes.enterprise_code]\nx = [\"?\"]", "`enterprise_code` holds no codes"),
    ] {
        let said = checked("", tables);
        assert!(said.contains(told), "{tables}: {said}");
        assert!(said.contains("./profiles/list.toml:"), "{tables}: {said}");
    }
    let good = "[codes.procedure_code]\n\"1.000001\" = [\"A\"]\n[codes.unit_code]\n\
        \"G99.02\" = [\"Hai\"]\n[codes.fee_vnd]\n0 = [\"miễn\"]";
    assert_eq!(checked("", good), "");
}

#[test]
fn an_implied_value_that_cannot_be_read_is_a_fault() {
    for (column, value, told) in [
        ("supplement_count", "ba", "`ba` is not a value of `supplement_count`"),
        ("fee_vnd", "9999999999999999", "is not a value of `fee_vnd`"),
        ("due_on", "31/02/2020", "is not a value of `due_on`"),
        ("digitised", "yes", "is not a value of `digitised`"),
        ("satisfaction_scale", "năm điểm", "is not a value of `satisfaction_scale`"),
        ("procedure_code", "1.00001", "procedure `1.00001` is not in `services.csv`"),
        ("unit_code", "G99.07", "unit `G99.07` is not in `units.csv`"),
    ] {
        let said = checked("", &format!("[implied]\n{column} = [{{ value = \"{value}\" }}]"));
        assert!(said.contains(told), "{column}: {said}");
        assert!(said.contains("./profiles/list.toml:"), "{column}: {said}");
    }
}

#[test]
fn implied_values_are_read_as_their_columns_are() {
    let world = World::small();
    let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    let implied = "[implied]\ndigitised = [{ value = \"true\" }]\nfee_vnd = [{ value = \"120.000\" }]\n\
        due_on = [{ value = \"20/01/2020\", present = \"received_on\" }]\n\
        unit_code = [{ value = \"Cục Hai\" }]\nprocedure_code = [{ value = \"1.000001\" }]";
    world.write("profiles/list.toml", format!("{profile}\n{implied}\n"));
    world.log("u1/2020-01.csv", "G99.01-200110-0001 |  | 10/01/2020 |  |  | Đang xử lý | |");
    world.run(0);
    let row: serde_json::Value = serde_json::from_str(world.dossiers().trim()).unwrap();
    assert_eq!(row["digitised"], true);
    assert_eq!(row["fee_vnd"], 120_000);
    assert_eq!(row["due_on"], "2020-01-20");
    assert_eq!(row["procedure_code"], "1.000001");
}

#[test]
fn what_would_do_nothing_is_a_fault() {
    for (keys, told) in [
        ("period_title = 'Tháng \\d+'", "`period_title` needs the groups `from` and `to`"),
        ("observed_title = 'Ngày \\d+'", "`observed_title` needs the group `observed`"),
    ] {
        let said = checked(keys, "");
        assert!(said.contains(told), "{keys}: {said}");
    }
    for (from, to, told) in [
        ("dates = [\"%d/%m/%Y %H:%M\", \"%d/%m/%Y\"]", "dates = []", "`dates` is empty"),
        (
            "required = [\"Mã hồ sơ\", \"Ngày tiếp nhận\", \"Trạng thái\"]",
            "required = []",
            "`required` is empty",
        ),
        ("due_on = [\"Ngày hẹn trả\"]", "due_on = []", "`due_on` has no heading"),
        (
            "due_on = [\"Ngày hẹn trả\"]",
            "due_on = [\" \"]",
            "`due_on` has a heading without a text",
        ),
        ("vi = \"Danh sách\"", "vi = \"\"", "`vi` is empty"),
    ] {
        let world = World::small();
        world.edit("profiles/list.toml", from, to);
        let ran = world.hoso(&["check"]);
        assert_eq!(ran.code, 3, "{to}: {ran}");
        assert!(ran.stderr.contains(told), "{to}: {ran}");
        assert!(ran.stderr.contains("./profiles/list.toml:"), "{to}: {ran}");
    }
}

#[test]
fn a_day_that_a_profile_gives_is_one_in_the_forms_of_its_feeds_too() {
    let world = World::small();
    let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    let constants = "[constants]\nrated_on = \"20/01/2020\"";
    world.write("profiles/list.toml", format!("{profile}\n{constants}\n"));
    world.edit("feeds/u1.toml", "expected", "dates = [\"%Y-%m-%d\"]\nexpected");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    let told = "`20/01/2020`, given for `rated_on`, is no day in the feed's `dates`";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("./feeds/u1.toml:1"), "{ran}");
}

#[test]
fn a_name_that_tells_one_end_of_a_period_alone_is_a_fault() {
    let world = World::small();
    let name = "name = '^(?<period>\\d{4}-\\d{2})[a-z]?\\.csv$'";
    world.edit("feeds/u1.toml", name, "name = '^(?<from>\\d{4}-\\d{2}-\\d{2})\\.csv$'");
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{ran}");
    let told = "the groups `from` and `to` tell a period only together";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("./feeds/u1.toml:5"), "{ran}");
}

#[test]
fn a_constant_or_implied_unit_stands_before_the_feeds_own() {
    let units = |world: &World| {
        world.log(
            "u1/2020-01.csv",
            "G99.01-200110-0001 | 1.000001 | 10/01/2020 | | | Đang xử lý | |",
        );
        world.run(0);
        world.query("SELECT unit_code, value FROM measures WHERE measure = 'received'")
    };
    let world = World::small();
    world.edit("feeds/u1.toml", "expected", "constants = { unit_code = \"G99.02\" }\nexpected");
    assert_eq!(units(&world), "unit_code,value\nG99.02,1\n");
    let world = World::small();
    let profile = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
    let implied = "[implied]\nunit_code = [{ value = \"G99.02\" }]\n";
    world.write("profiles/list.toml", format!("{profile}\n{implied}"));
    assert_eq!(units(&world), "unit_code,value\nG99.02,1\n");
    assert_eq!(units(&World::small()), "unit_code,value\nG99.01,1\n");
}

#[test]
fn a_value_may_be_implied_by_what_is_only_compared() {
    let world = World::small();
    world.edit(
        "profiles/list.toml",
        "[columns]\n",
        "[implied]\nchannel = [{ value = \"online\", present = \"result_files\" }, \
         { value = \"counter\" }]\n[columns]\nresult_files = [\"Kết quả\"]\n",
    );
    let log = "Mã hồ sơ,Ngày tiếp nhận,Trạng thái,Kết quả\n\
               G99.01-200110-0001,10/01/2020,Đang xử lý,kq.pdf\n\
               G99.01-200110-0002,10/01/2020,Đang xử lý,\n\
               G99.01-200110-0003,10/01/2020,Đang xử lý,\n";
    world.write("in/u1/2020-01.csv", log);
    world.run(0);
    let dossiers = world.dossiers();
    let n_of = |channel: &str| dossiers.matches(&format!("\"channel\": \"{channel}\"")).count();
    assert_eq!((n_of("online"), n_of("counter")), (1, 2), "{dossiers}");
}
