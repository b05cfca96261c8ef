/* Declares by hand what it may not include: only the object tells. The marks of this file are for --objects. */
int sqlite3_close(void *db); /* finds: symbol */
int store_close(void *db);   /* finds: symbol */
int json_ours(void *db);
int xmlCleanup(void *db);

int json_ours(void *db)
{
	return sqlite3_close(db) + store_close(db) + xmlCleanup(db);
}
