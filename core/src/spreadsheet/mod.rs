//! stub
pub mod writer {
    pub enum ColumnKind {
        Text,
        Integer,
        Date,
    }
    pub struct TableColumn {
        pub header: String,
        pub width_chars: f64,
        pub kind: ColumnKind,
    }
    pub struct Table {
        pub title: Option<String>,
        pub sheet_name: String,
        pub columns: Vec<TableColumn>,
        pub rows: Vec<Vec<String>>,
        pub frozen_columns: u16,
    }
    pub fn write_table(_: &Table) -> crate::error::Result<Vec<u8>> {
        Ok(vec![])
    }
}
