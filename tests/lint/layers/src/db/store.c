/* What codec/symbols.c and messaging/work.c reach for. */
int sqlite3_open(void *db);
int store_close(void *db);
int db_write(void);

int store_close(void *db)
{
	return sqlite3_open(db);
}

int db_write(void)
{
	return 0;
}
