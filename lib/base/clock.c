#include "lib/base/clock.h"

#include <stdio.h>
#include <time.h>

static struct timespec now(void)
{
	struct timespec time = { 0 };
	clock_gettime(CLOCK_REALTIME, &time);
	return time;
}

int64_t clock_seconds(void)
{
	return now().tv_sec;
}

int64_t clock_milliseconds(void)
{
	struct timespec time = now();
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* By arithmetic: gmtime() would open the time zone file, which the sandbox forbids. */
void clock_format(int64_t seconds, char *out)
{
	static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z: four digits for the year */
	if (seconds < 0)
		seconds = 0;
	if (seconds > last)
		seconds = last;
	int64_t rest = seconds % 86400;
	/* Days since 0000-03-01, so that the leap day is the last of its year; eras of 400 years have 146097 days. */
	int64_t days = seconds / 86400 + 719468;
	int64_t era = days / 146097;
	int64_t day_of_era = days % 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;
	int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
	int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
	int64_t year = year_of_era + era * 400 + (month <= 2);
	snprintf(out, 21, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day % 100,
		(unsigned)(rest / 3600) % 100, (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
}
