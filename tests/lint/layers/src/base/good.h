#include <stdio.h>
#include <sys/stat.h>

struct good {
	void (*time)(struct good *good);
	int system;
};

const char *good_text(struct good *good);
