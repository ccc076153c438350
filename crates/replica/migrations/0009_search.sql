-- What a row's first code begins with, in order: the first letter that somebody types fits thousands of rows.
CREATE INDEX search_row_by_code ON search_row (codes COLLATE NOCASE);
