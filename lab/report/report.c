/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/report.h"

#include <errno.h>

#include "base/error.h"
#include "lab/exercises/result.h"
#include "lab/report/sections.h"

static const struct text title = { "kapsel lab: report", "kapsel-Labor: Bericht" };

static void meta(struct html *h, const char *kind, const char *name, const char *content)
{
	html_open(h, "meta");
	html_attribute(h, kind, name);
	html_attribute(h, "content", content);
	html_void(h, "meta");
}

static void write_head(struct html *h)
{
	html_open(h, "head");
	html_open(h, "meta");
	html_attribute(h, "charset", "utf-8");
	html_void(h, "meta");
	meta(h, "name", "viewport", "width=device-width, initial-scale=1");
	meta(h, "name", "color-scheme", "light dark");
	/*
	 * Everything is escaped, and the browser is told so: whatever got in all the same may neither run
	 * nor load anything nor send a form.
	 */
	meta(h, "http-equiv", "Content-Security-Policy",
	     "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'");
	meta(h, "name", "generator", "kapsel " KAPSEL_VERSION);
	html_word(h, "title", NULL, &title);
	style_write(h);
	html_close(h, "head");
}

int report_write(FILE *out, const struct report_setting *setting, const struct result *results, size_t n,
		 struct error *err)
{
	struct html h = { .out = out, .language = setting->language };

	html_begin(&h);
	html_open(&h, "html");
	html_attribute(&h, "lang", setting->language == TEXT_GERMAN ? "de-CH" : "en");
	write_head(&h);
	html_open(&h, "body");
	summary_write(&h, setting, results, n);
	html_open(&h, "main");
	for (size_t i = 0; i < n; i++)
		article_write(&h, &results[i]);
	html_close(&h, "main");
	html_close(&h, "body");
	html_close(&h, "html");
	if (h.broken || h.depth != 0)
		return error_set(err, EINVAL, "write the report: its elements do not nest");
	if (fflush(out) != 0)
		return error_set(err, errno, "write the report");
	if (ferror(out))
		return error_set(err, EIO, "write the report");
	return 0;
}
