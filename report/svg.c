/*
 * Frame, axes and texts in SVG: see report/svg.h. One thread; allocates
 * nothing.
 */
#include "report/svg.h"

#include "report/style.h"

#include <math.h>
#include <string.h>

enum {
	MARKS_UP = 6,
	MARKS_ALONG = 10,
	MARKS_MOST = 50, /* numbers so large that they stop rising must not go on for ever */
};

double weigh_svg_x(const struct weigh_svg_frame *f, double seconds)
{
	return f->left + f->width * (seconds - f->from) / (f->to - f->from);
}

double weigh_svg_y(const struct weigh_svg_frame *f, double mib)
{
	return f->top + f->height * (1 - mib / f->most);
}

void weigh_svg_round(struct weigh_svg_frame *f)
{
	/* Room for a mark at the peak. */
	double step = weigh_scale_of_mib(f->most * 1.06, MARKS_UP).step;
	f->most = ceil(f->most * 1.06 / step) * step;
	/* The higher edge may have wider steps. */
	step = weigh_scale_of_mib(f->most, MARKS_UP).step;
	f->most = ceil(f->most / step - 1e-9) * step;
}

static void mark_up(const struct weigh_svg_frame *f, const struct weigh_scale *scale, double mib, FILE *out)
{
	char text[48];
	double y = weigh_svg_y(f, mib);
	fprintf(out, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", mib > 0 ? "grid" : "axis", f->left, y,
		f->left + f->width);
	fprintf(out, "<text class=\"up\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", f->left - 8, y + 4,
		weigh_scale_text(scale, mib, text, sizeof(text)));
}

static void mark_along(const struct weigh_svg_frame *f, const struct weigh_scale *scale, double seconds,
		       FILE *out)
{
	char text[48];
	double x = weigh_svg_x(f, seconds), y = f->top + f->height;
	fprintf(out, "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>", x, y);
	fprintf(out, "<text class=\"along\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, y + 20,
		weigh_scale_text(scale, seconds, text, sizeof(text)));
}

void weigh_svg_axes(const struct weigh_svg_frame *f, FILE *out)
{
	struct weigh_scale up = weigh_scale_of_mib(f->most, MARKS_UP);
	struct weigh_scale along = weigh_scale_of_seconds(f->to - f->from, MARKS_ALONG);
	double first = ceil(f->from / along.step - 1e-9);

	for (int i = 0; i < MARKS_MOST && i * up.step <= f->most * (1 + 1e-9); i++)
		mark_up(f, &up, i * up.step, out);
	for (int i = 0; i < MARKS_MOST && (first + i) * along.step <= f->to + along.step * 1e-9; i++)
		mark_along(f, &along, (first + i) * along.step, out);
	fprintf(out, "<text class=\"unit\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", f->left - 8, f->top - 12,
		up.unit);
	fprintf(out, "<text class=\"unit\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", f->left + f->width,
		f->top + f->height + 38, along.unit);
}

void weigh_svg_text(const char *text, int columns, FILE *out)
{
	bool cut = columns && weigh_text_width(text) > columns;
	int width = 0;
	while (*text) {
		size_t length = 1;
		while (((unsigned char)text[length] & 0xc0) == 0x80)
			length++;
		char one[8] = "";
		memcpy(one, text, length < sizeof(one) ? length : sizeof(one) - 1);
		width += weigh_text_width(one);
		if (cut && width > columns - 1)
			break;
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fwrite(text, 1, length, out);
		text += length;
	}
	if (cut)
		fputs("\u2026", out);
}
