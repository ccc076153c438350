-- What is in cartons now: a subject of kind 9 with a balance. Those that have left are not in the index.
CREATE INDEX subject_in_carton ON subject (key) WHERE substr(key, 17, 1) = x'09' AND balance IS NOT NULL;
