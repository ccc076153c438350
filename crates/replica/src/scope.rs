//! A reader that sees some sites only.
//!
//! Each table of the read model that holds something of a site is covered, on that reader's connection alone, by a
//! temporary view of the same name: SQLite looks names up among the temporary ones first. So no question can be asked
//! that forgets to narrow itself, and none has to know of it. Items, and the names of people, belong to the organisation
//! and are not narrowed.

use domain::SiteId;
use rusqlite::Connection;

use crate::error::ReplicaError;

/// `+chain` keeps the feed on the index of places: without it SQLite would gather all events of all those chains first.
const VIEWS: &str = "
CREATE TEMP VIEW site AS SELECT * FROM main.site WHERE id IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW zone AS SELECT * FROM main.zone WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW bin AS SELECT * FROM main.bin WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW unit AS SELECT * FROM main.unit WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW stale AS SELECT * FROM main.stale WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW stock AS SELECT * FROM main.stock WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW subject AS SELECT * FROM main.subject WHERE substr(key, 1, 16) IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW exception AS SELECT * FROM main.exception WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW finding AS SELECT f.* FROM main.finding f JOIN main.subject s ON s.id = f.subject
    WHERE substr(s.key, 1, 16) IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW orders AS SELECT * FROM main.orders
    WHERE site IN (SELECT id FROM temp.seen_site) OR to_site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW stocktake AS SELECT * FROM main.stocktake WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW deposit AS SELECT * FROM main.deposit WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW deposit_piece AS SELECT * FROM main.deposit_piece WHERE of IN (SELECT id FROM temp.deposit);
CREATE TEMP VIEW custody_event AS SELECT * FROM main.custody_event
    WHERE chain IN (SELECT id FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW custody_gone AS SELECT * FROM main.custody_gone
    WHERE chain IN (SELECT id FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW closed_by_itself AS SELECT * FROM main.closed_by_itself
    WHERE substr(subject, 1, 16) IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW event_note AS SELECT * FROM main.event_note
    WHERE chain IN (SELECT id FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW told_order AS SELECT * FROM main.told_order WHERE partition IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW event AS SELECT * FROM main.event
    WHERE +chain IN (SELECT id FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW device AS SELECT * FROM main.device
    WHERE id IN (SELECT device FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW segment AS SELECT * FROM main.segment
    WHERE +chain IN (SELECT id FROM main.chain WHERE device IN
        (SELECT device FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site))
        AND (partition = x'' OR partition IN (SELECT id FROM temp.seen_site)));
CREATE TEMP VIEW document AS SELECT * FROM main.document
    WHERE partition = x'' OR partition IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW field_conflict AS SELECT c.* FROM main.field_conflict c JOIN main.document d ON d.id = c.record
    WHERE d.partition = x'' OR d.partition IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW search_row AS SELECT * FROM main.search_row
    WHERE CASE kind
        WHEN 'item' THEN 1
        WHEN 'bin' THEN reference IN (SELECT id FROM temp.bin)
        WHEN 'order' THEN reference IN (SELECT id FROM temp.orders)
        ELSE substr(reference, 1, 16) IN (SELECT id FROM temp.seen_site)
    END;
";

/// The sums of a server; see [`crate::tallies`].
const SUMS: &str = "
CREATE TEMP VIEW tally AS SELECT * FROM main.tally WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW tally_kind AS SELECT * FROM main.tally_kind WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW tally_day AS SELECT * FROM main.tally_day WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW tally_operator AS SELECT * FROM main.tally_operator WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW tally_count AS SELECT * FROM main.tally_count WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW counted_line AS SELECT * FROM main.counted_line WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW line_count AS SELECT * FROM main.line_count WHERE of IN (SELECT id FROM temp.orders);
CREATE TEMP VIEW goods_stock AS SELECT * FROM main.goods_stock WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW bin_stock AS SELECT * FROM main.bin_stock WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW order_open AS SELECT * FROM main.order_open WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW order_still_open AS SELECT * FROM main.order_still_open WHERE site IN (SELECT id FROM temp.seen_site);
CREATE TEMP VIEW bin_picks AS SELECT * FROM main.bin_picks WHERE bin IN (SELECT id FROM temp.bin);
CREATE TEMP VIEW act AS SELECT * FROM main.act
    WHERE chain IN (SELECT id FROM main.chain WHERE partition IN (SELECT id FROM temp.seen_site));
CREATE TEMP VIEW item_stock AS SELECT i.item, i.sku, i.class, i.least,
    (SELECT coalesce(sum(g.balance), 0) FROM temp.goods_stock g WHERE g.item = i.item) AS balance FROM main.item_stock i;
";

/// Narrows everything that is asked through this connection from now on.
pub(crate) fn narrow(connection: &Connection, sites: &[SiteId]) -> Result<(), ReplicaError> {
    connection.pragma_update(None, "query_only", "off")?;
    connection.execute_batch("CREATE TEMP TABLE seen_site (id BLOB PRIMARY KEY) WITHOUT ROWID;")?;
    for site in sites {
        connection.execute(
            "INSERT OR IGNORE INTO temp.seen_site (id) VALUES (?1)",
            [site.as_bytes()],
        )?;
    }
    connection.execute_batch(VIEWS)?;
    let has_sums = connection
        .prepare("SELECT 1 FROM main.sqlite_schema WHERE name = 'tally'")?
        .exists([])?;
    if has_sums {
        connection.execute_batch(SUMS)?;
    }
    connection.pragma_update(None, "query_only", "on")?;
    Ok(())
}
