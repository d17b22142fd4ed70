/*
 * How text reaches a person: see report/style.h.
 *
 * One thread; allocates nothing but what newlocale() does.
 */
#include "report/style.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	WIDTH_UNKNOWN = 80,
	WIDTH_LEAST = 40,
};

static bool locale_is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return utf8;
}

struct weigh_style weigh_style_of(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *columns = getenv("COLUMNS");
	bool terminal = isatty(fileno(stream));
	struct weigh_style style = {
		.color = terminal && !(no_color && *no_color) && term && strcmp(term, "dumb"),
		.unicode = locale_is_utf8(),
	};
	struct winsize size;

	if (columns && atoi(columns) > 0)
		style.width = atoi(columns);
	else if (terminal)
		style.width = !ioctl(fileno(stream), TIOCGWINSZ, &size) && size.ws_col ? size.ws_col
										       : WIDTH_UNKNOWN;
	if (style.width && style.width < WIDTH_LEAST)
		style.width = WIDTH_LEAST;
	return style;
}

void weigh_style_ink(const struct weigh_style *style, FILE *out, enum weigh_ink ink)
{
	static const char *const codes[] = {
		[WEIGH_INK_PLAIN] = "\033[0m",
		[WEIGH_INK_BOLD] = "\033[1m",
		[WEIGH_INK_DIM] = "\033[2m",
		[WEIGH_INK_WARN] = "\033[33m",
	};

	if (style->color)
		fputs(codes[ink], out);
}

const char *weigh_style_pick(const struct weigh_style *style, const char *unicode, const char *ascii)
{
	return style->unicode ? unicode : ascii;
}

/* Decode one character of valid UTF-8 and step over it. */
static uint32_t next_character(const char **text)
{
	const uint8_t *s = (const uint8_t *)*text;
	int more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more ? s[0] & (0x3f >> more) : s[0];

	for (int i = 1; i <= more && s[i]; i++)
		c = c << 6 | (s[i] & 0x3f);
	*text += 1 + more;
	return c;
}

/* Columns of a character: the blocks that are two wide, or join the one before. */
static int character_width(uint32_t c)
{
	if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) || (c >= 0xfe00 && c < 0xfe10))
		return 0;
	if ((c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
	    (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
	    (c >= 0x1f300 && c < 0x1fb00) || (c >= 0x20000 && c < 0x40000))
		return 2;
	return 1;
}

int weigh_text_width(const char *text)
{
	int width = 0;

	while (*text)
		width += character_width(next_character(&text));
	return width;
}

static void print_part(const struct weigh_style *style, FILE *out, const char *from, const char *to)
{
	while (from < to) {
		const char *start = from;
		uint32_t c = next_character(&from);

		if (c < 0x80 || style->unicode)
			fwrite(start, 1, (size_t)(from - start), out);
		else
			fputc('?', out);
	}
}

int weigh_text_print(const struct weigh_style *style, FILE *out, const char *text, int columns)
{
	const char *mark = weigh_style_pick(style, "…", "~");
	const char *end = text;
	int width = 0, full = weigh_text_width(text);

	if (!columns || full <= columns) {
		print_part(style, out, text, text + strlen(text));
		return full;
	}
	while (*end) {
		const char *after = end;
		int more = character_width(next_character(&after));
		if (width + more > columns - 1)
			break;
		width += more;
		end = after;
	}
	print_part(style, out, text, end);
	fputs(mark, out);
	return width + 1;
}

int weigh_text_print_end(const struct weigh_style *style, FILE *out, const char *text, int columns)
{
	const char *mark = weigh_style_pick(style, "…", "~");
	int width = weigh_text_width(text);

	if (!columns || width <= columns)
		return weigh_text_print(style, out, text, 0);
	while (*text && width > columns - 1)
		width -= character_width(next_character(&text));
	fputs(mark, out);
	print_part(style, out, text, text + strlen(text));
	return width + 1;
}

char *weigh_bytes_text(double bytes, char text[static WEIGH_NUMBER])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double size = fabs(bytes);
	const char *sign = bytes < 0 ? "-" : "";
	int unit = -1;

	/* 1023.95 KiB would print as 1024.0: the larger unit takes over there. */
	while (size >= (unit < 0 ? 1023.5 : 1023.95) && unit < 4) {
		size /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, WEIGH_NUMBER, "%s%.0f B", sign, size);
	else
		snprintf(text, WEIGH_NUMBER, "%s%.1f %s", sign, size, units[unit]);
	return text;
}

char *weigh_count_text(double count, char text[static WEIGH_NUMBER])
{
	char digits[WEIGH_NUMBER];
	double whole = fmin(fmax(round(count), 0), 1e18);
	int length = snprintf(digits, sizeof(digits), "%.0f", whole);
	char *out = text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return text;
}

char *weigh_blocks_text(double count, char text[static WEIGH_NUMBER])
{
	weigh_count_text(count, text);
	return strcat(text, strcmp(text, "1") ? " blocks" : " block");
}

char *weigh_share_text(double share, char text[static WEIGH_NUMBER])
{
	if (share > 0 && share < 0.0005)
		snprintf(text, WEIGH_NUMBER, "<0.1 %%");
	else
		snprintf(text, WEIGH_NUMBER, "%.1f %%", fmin(share, 1e6) * 100);
	return text;
}

char *weigh_time_text(uint64_t ns, char text[static WEIGH_NUMBER])
{
	double seconds = (double)ns / 1e9;

	if (seconds < 0.9995)
		snprintf(text, WEIGH_NUMBER, "%.0f ms", seconds * 1e3);
	else if (seconds < 99.995)
		snprintf(text, WEIGH_NUMBER, "%.2f s", seconds);
	else if (seconds < 6000)
		snprintf(text, WEIGH_NUMBER, "%.0f min %02.0f s", floor(seconds / 60),
			 floor(fmod(seconds, 60)));
	else
		snprintf(text, WEIGH_NUMBER, "%.0f h %02.0f min", floor(seconds / 3600),
			 floor(fmod(seconds / 60, 60)));
	return text;
}

char *weigh_spread_text(const struct weigh_style *style, struct weigh_estimate e,
			char text[static WEIGH_NUMBER])
{
	double percent = weigh_estimate_spread(e) * 100;
	const char *sign = weigh_style_pick(style, "±", "+-");

	text[0] = '\0';
	/* Below this it is rounding, not sampling. */
	if (percent < 1e-6)
		return text;
	if (percent < 0.05)
		snprintf(text, WEIGH_NUMBER, "%s<0.1 %%", sign);
	else if (percent < 9.95)
		snprintf(text, WEIGH_NUMBER, "%s%.1f %%", sign, percent);
	else
		snprintf(text, WEIGH_NUMBER, "%s%.0f %%", sign, fmin(percent, 1e6));
	return text;
}
