/* For columns that are NOT NULL and where an empty text means none; only for the stores. */
#ifndef LATCHKEY_RECORDS_REQUIRED_TEXT_H
#define LATCHKEY_RECORDS_REQUIRED_TEXT_H

static inline const char *required_text(const char *text)
{
	return text == NULL ? "" : text;
}

#endif
