//! Units whose exports were never seen before, added with TOML alone as
//! `docs/how-to/add-a-unit.md` tells.

use insta::assert_snapshot;

use super::world::{World, python};

/// Adds a profile, and a feed of it for the first unit.
fn added(profile: &str, feed: &str) -> World {
    let world = World::small();
    world.write("profiles/new.toml", profile);
    let unit = if feed.contains("feed =") { "" } else { "feed = \"dossier\"\n" };
    let common = "unit = \"G99.01\"\nprofile = \"new\"\nlocation = \"../in/new\"\n\
        slot = \"none\"\nexpected = \"month\"\n";
    let file = if unit.is_empty() { "feeds/new.toml" } else { "feeds/u1.toml" };
    world.write(file, format!("{common}{unit}{feed}"));
    std::fs::create_dir(world.path("in/new")).unwrap();
    world
}

/// Returns some columns of every dossier.
fn told(world: &World, columns: &[&str]) -> String {
    let dossiers = world.dossiers();
    let rows = dossiers.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        columns.iter().map(|column| row[*column].to_string()).collect::<Vec<_>>().join(" ")
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The example of the how-to, as it stands there.
fn example(which: usize) -> String {
    let page = include_str!("../../docs/how-to/add-a-unit.md");
    page.split("```toml\n").nth(which).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn a_list_of_overdue_dossiers_in_html() {
    let world = added(&example(1), "name = '^qua-han_(?<period>\\d{4}-\\d{2})\\.xls$'\n");
    world.write(
        "in/new/qua-han_2020-01.xls",
        "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><body><table>\
         <tr><td colspan=7>DANH SÁCH HỒ SƠ QUÁ HẠN</td></tr><tr><td colspan=7></td></tr>\
         <tr><th>STT<th>Mã hồ sơ<th>Ngày tiếp nhận<th>Ngày hẹn trả<th>Ngày có kết quả\
         <th>Đơn vị giải quyết<th>Ghi chú</tr>\
         <tr><td>1<td>G99.01-200110-0001<td>10/01/2020 08:15<td>15/01/2020<td>20/01/2020 16:00\
         <td>Phòng A<td></tr>\
         <tr><td>2<td>G99.01-200113-0002<td>13/01/2020 09:00<td>17/01/2020<td><td>Phòng B<td></tr>\
         <tr><td colspan=2>Tổng số<td>2<td><td><td><td></tr></table></body></html>",
    );
    world.run(0);
    assert_snapshot!(told(&world, &["dossier_key", "status", "received_on", "completed_on"]), @r#"
    "G99.01-200110-0001" "completed" "2020-01-10" "2020-01-20"
    "G99.01-200113-0002" "processing" "2020-01-13" null
    "#);
}

#[test]
fn a_list_of_payments_with_a_heading_too_many() {
    let profile = "title = { vi = 'Thu phí', en = 'Fees' }\nshape = 'snapshot'\n\
        numbers = 'national'\ndates = ['%d/%m/%Y']\nrequired = ['Mã hồ sơ', 'Số biên lai']\n\
        ignored = ['STT', 'Loại tiếp nhận', 'Tên người nộp', 'Mẫu số', 'Ký hiệu', \
        'Ngày tiếp nhận', 'Phí (VNĐ)', 'Lệ phí (VNĐ)']\ntotals = ['Tổng số']\n";
    let feed = "feed = 'payment'\nname = '^thu-phi_(?<period>\\d{4}-\\d{2})\\.xls$'\n";
    let world = added(&format!("{profile}{}", example(2)), feed);
    world.write(
        "in/new/thu-phi_2020-01.xls",
        "<html><table><tr><th>STT<th>Mã hồ sơ<th>Người tiếp nhận<th>Loại tiếp nhận\
         <th>Tên người nộp<th>Số biên lai<th>Mẫu số<th>Ký hiệu<th>Ngày tiếp nhận<th>Ngày thu\
         <th>Phí (VNĐ)<th>Lệ phí (VNĐ)<th>Tổng (VNĐ)</tr>\
         <tr><td>1<td>G99.01-200110-0001<td>Trực tiếp<td>Nguyễn Thị Thử<td>0007<td>01<td>AA\
         <td>10/01/2020<td>11/01/2020<td>100.000<td>20.000<td>120.000</tr>\
         <tr><td colspan=9>Tổng số<td>100.000<td>20.000<td>120.000</tr></table></html>",
    );
    world.run(0);
    assert_snapshot!(told(&world, &["dossier_key", "paid_vnd", "paid_on"]), @r#""G99.01-200110-0001" 120000 "2020-01-11""#);
}

#[test]
fn a_register_in_a_workbook_made_from_a_template() {
    let profile = "title = { vi = 'Sổ theo dõi hồ sơ', en = 'Register' }\nshape = 'snapshot'\n\
        numbers = 'unit'\ndates = ['%d/%m/%Y']\nrequired = ['Mã hồ sơ', 'Ngày / Tiếp nhận']\n\
        ignored = ['TT', 'Chủ hồ sơ']\ntotals = ['Tổng cộng']\n\
        period_title = 'Từ ngày (?<from>\\S+) đến ngày (?<to>[\\d/]+)'\n\
        [columns]\ndossier_number = ['Mã hồ sơ']\nreceived_on = ['Ngày / Tiếp nhận']\n\
        due_on = ['Hẹn trả']\nreturned_on = ['Ngày / Trả']\n\
        [implied]\nstatus = [{ value = 'completed', present = 'returned_on' }, \
        { value = 'processing' }]\n";
    let world = added(profile, "name = '^so theo doi.*\\.xlsx$'\n");
    world.write("template.py", TEMPLATE);
    let to = world.path("in/new/so theo doi (moi).xlsx");
    python(&[world.path("template.py").to_str().unwrap(), to.to_str().unwrap()]);
    world.run(0);
    let columns = ["dossier_key", "status", "received_on", "due_on", "returned_on"];
    assert_snapshot!(told(&world, &columns), @r#"
    "G99.01/12/BQ" "completed" "2020-01-10" "2020-01-20" "2020-01-17"
    "G99.01/13/BQ" "processing" "2020-01-13" null null
    "#);
    let covered = world.query(
        "SELECT period_start, status FROM completeness WHERE unit_code = 'G99.01' \
         ORDER BY period_start",
    );
    assert_snapshot!(covered, @"
    period_start,status
    2020-01-01,received
    2020-02-01,missing
    2020-03-01,missing
    ");
}

const TEMPLATE: &str = "\
import sys, datetime, xlsxwriter
book = xlsxwriter.Workbook(sys.argv[1])
sheet = book.add_worksheet('Sổ')
day = book.add_format({'num_format': 'dd/mm/yyyy'})
sheet.merge_range('C5:F5', 'SỔ THEO DÕI HỒ SƠ')
sheet.write('C7', 'Cục Một')
sheet.write('C8', '(Từ ngày 01/01/2020 đến ngày 31/01/2020)')
for area, text in [('A13:A14', 'TT'), ('B13:B14', 'Mã hồ sơ'), ('C13:C14', 'Chủ hồ sơ'), ('D13:F13', 'Ngày')]:
    sheet.merge_range(area, text)
sheet.write_row('D14', ['Tiếp nhận', 'Hẹn trả', 'Trả'])
sheet.write_row('A15', [1, '12/BQ', 'Nguyễn Văn Thử', '10/01/2020', '20/01/2020', '17/01/2020'])
sheet.write_row('A16', [2, '13/BQ', 'Trần Thị Thử'])
sheet.write_datetime('D16', datetime.datetime(2020, 1, 13), day)
sheet.write('A17', 'Tổng cộng: 2 hồ sơ')
sheet.write('E19', 'NGƯỜI LẬP')
book.close()
";
