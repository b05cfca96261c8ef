/* tools/layers excepts this one file, for this one function. */
long now(void)
{
	return clock_gettime(0, 0);
}

int other(void)
{
	return rand(); /* finds: banned */
}
