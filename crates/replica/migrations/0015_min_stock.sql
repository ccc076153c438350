-- Safety stock: with less than that of an item on all sites together somebody has to order. Thousandths; 0: none.
ALTER TABLE item ADD COLUMN min_stock INTEGER NOT NULL DEFAULT 0;
