/* A unit of work may begin here, which tools/layers grants by name; what it says to the database stands in the store.
 */
int db_write(void);
int store_close(void *db); /* finds: symbol */
int work(void);

int work(void)
{
	return db_write() + store_close(0);
}
