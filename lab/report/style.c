/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One sheet for four media: a wide screen, a narrow one, a dark one, and A4. Colours have names of what they
 * mean: hot is the attack, cold is the wall. Each text keeps a contrast of 4.5 to 1 on what it stands on
 * (WCAG AA); no meaning hangs on a colour alone.
 */
#include "base/macro.h"
#include "lab/report/sections.h"

/* clang-format off */
static const char colours[] =
":root{--page:#ffffff;--panel:#f4f6f8;--ink:#1a1f24;--dim:#56606b;--rule:#d3d9df;--ring:#c4ccd4;"
"--on:#ffffff;"
"--hot:#b0410a;--hotpale:#fdeee3;--cold:#0b5aa8;--coldpale:#e6f0fa;--pass:#17703a;--fail:#b3261e;"
"--none:#56606b}\n"
"@media screen and (prefers-color-scheme:dark){"
":root{--page:#14181c;--panel:#1d2329;--ink:#e7ebef;--dim:#a5b0bb;--rule:#39424b;--ring:#4a545e;"
"--on:#101418;"
"--hot:#ffa060;--hotpale:#3a2719;--cold:#76b6ff;--coldpale:#182b40;--pass:#5ed08a;--fail:#ff9189;"
"--none:#a5b0bb}}\n";

static const char text[] =
"*{box-sizing:border-box}\n"
"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
"body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:64rem;background:var(--page);color:var(--ink);"
"font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",Arial,sans-serif;"
"overflow-wrap:break-word}\n"
"code,pre,td,th,.said,.end,.answer{overflow-wrap:anywhere}\n"
"h1{font-size:2rem;line-height:1.15;margin:0 0 .6rem;letter-spacing:-.01em}\n"
"h2{font-size:1.45rem;line-height:1.25;margin:2.2rem 0 .8rem}\n"
"h3{font-size:1.05rem;line-height:1.3;margin:1.6rem 0 .4rem}\n"
"p{margin:.4rem 0 .7rem}\n"
"a{color:var(--cold)}\n"
"code,pre,.said,.end{font-family:ui-monospace,\"Cascadia Mono\",\"Liberation Mono\",\"DejaVu Sans Mono\","
"monospace;font-size:.875em}\n"
"pre{margin:.5rem 0;padding:.8rem 1rem;background:var(--panel);border:1px solid var(--rule);"
"border-radius:.4rem;white-space:pre-wrap;line-height:1.45}\n"
"details{margin:.6rem 0}\n"
"summary{cursor:pointer;color:var(--cold);font-weight:600;padding:.2rem 0}\n"
"details>:not(summary){margin-left:1.1rem}\n";

static const char head[] =
".brand{margin:0;color:var(--hot);font-weight:700;letter-spacing:.02em}\n"
".intro{max-width:46rem}\n"
".facts{display:flex;flex-wrap:wrap;gap:.6rem 2.2rem;margin:1.2rem 0 0;padding:.9rem 0;"
"border:solid var(--rule);border-width:1px 0}\n"
".facts dt{color:var(--dim);font-size:.85rem}\n"
".facts dd{margin:0;font-weight:600}\n"
".counts{display:grid;grid-template-columns:repeat(3,1fr);gap:.8rem;list-style:none;margin:0;padding:0}\n"
".counts li{padding:.7rem 1rem;background:var(--panel);border-left:.3rem solid;border-radius:.3rem}\n"
".counts strong{display:block;font-size:1.9rem;line-height:1.2}\n"
".counts span{color:var(--ink)}\n"
".counts .pass{color:var(--pass)}\n.counts .fail{color:var(--fail)}\n.counts .none{color:var(--none)}\n"
".reasons{list-style:none;padding:0}\n"
".reasons li{padding:.5rem 0;border-bottom:1px solid var(--rule)}\n"
".reasons p{margin:.2rem 0 0;color:var(--dim)}\n"
".badge>span{display:inline-block;padding:.05rem .55rem;border-radius:1rem;color:var(--on);"
"font-size:.82rem;"
"font-weight:600;line-height:1.5;letter-spacing:0;white-space:nowrap;vertical-align:.12em}\n"
".badge .pass{background:var(--pass)}\n.badge .fail{background:var(--fail)}\n"
".badge .none{background:var(--none)}\n"
".answer{display:inline-block;padding:.05rem .5rem;border-radius:.25rem;font:600 .85rem/1.5 ui-monospace,"
"\"Liberation Mono\",\"DejaVu Sans Mono\",monospace;border:1px solid var(--rule)}\n"
".answer.worked{background:var(--hotpale);color:var(--hot);border-color:var(--hot)}\n"
".answer.held{background:var(--coldpale);color:var(--cold);border-color:var(--cold)}\n";

static const char tables[] =
"table{width:100%;border-collapse:collapse;font-size:.92rem}\n"
"th,td{padding:.45rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}\n"
"thead th{color:var(--dim);font-weight:600;font-size:.85rem}\n"
"tbody th{font-weight:400}\n"
".overview .number{width:2.6rem;text-align:right;white-space:nowrap;color:var(--dim)}\n"
".overview .answer{max-height:4.6em;overflow:hidden}\n.overview .narrow{width:9rem}\n"
".overview .outcome{width:11rem}\n.overview{table-layout:fixed}\n"
".overview .key{display:block;color:var(--dim);font-size:.8rem}\n"
".sides{table-layout:fixed}\n"
".sides tbody th{color:var(--dim)}\n"
".sides td{font-family:ui-monospace,\"Liberation Mono\",\"DejaVu Sans Mono\",monospace;font-size:.8rem;"
"white-space:pre-line}\n"
".sides tr:not(.same) td:nth-child(2){background:var(--hotpale)}\n"
".sides tr:not(.same) td:nth-child(3){background:var(--coldpale)}\n"
".sides .same td{color:var(--dim)}\n";

static const char exercise[] =
"article{margin-top:3rem;border-top:3px solid var(--ink)}\n"
"article h2{margin-top:1rem}\n"
"h2 .number{display:inline-block;min-width:1.4em;color:var(--hot)}\n"
".question{font-size:1.12rem;max-width:48rem}\n"
".attempt{color:var(--dim)}\n.attempt strong{color:var(--ink)}\n"
".reason{padding:.6rem .9rem;background:var(--panel);border-left:.3rem solid var(--none);"
"border-radius:.3rem}\n"
".pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1.2rem;align-items:start}\n"
".pair h3{margin-top:0}\n"
"div.pair{margin-top:1rem}\n"
".run{padding:1rem 1.1rem;background:var(--panel);border-top:.3rem solid;border-radius:.4rem;height:100%}\n"
".run.open{border-color:var(--hot)}\n.run.hard{border-color:var(--cold)}\n"
".line{color:var(--dim);margin-bottom:.8rem}\n"
".verdict{font-size:1.05rem;margin-bottom:.2rem}\n.verdict .answer{font-size:1rem}\n"
"p.details{color:var(--dim);font-size:.88rem;margin:0}\n"
".said{display:block;margin:.1rem 0;color:var(--dim);white-space:pre-wrap;font-size:.8rem;line-height:1.4}\n"
".end{color:var(--dim);font-size:.8rem;margin:.8rem 0 0}\n"
".unexpected{color:var(--fail);font-weight:600}\n"
".choices{padding-left:1.8rem}\n.choices li{margin:.25rem 0}\n"
".man{color:var(--dim)}\n"
".legend{list-style:none;counter-reset:layer;margin:.4rem 0 0;padding:0;font-size:.92rem}\n"
".legend li{counter-increment:layer;position:relative;padding:.3rem 0 .3rem 1.9rem}\n"
".legend li::before{content:counter(layer);position:absolute;left:0;top:.42rem;width:1.3rem;height:1.3rem;"
"border-radius:50%;background:var(--page);border:1px solid var(--ink);text-align:center;font-size:.78rem;"
"line-height:1.2rem;font-weight:600}\n"
".role{color:var(--dim)}\n.role.stops{color:var(--cold);font-weight:600}\n.role.opened{color:var(--hot);"
"font-weight:600}\n";

/* Tenths of a pixel. */
static const char pictures[] =
"svg{display:block;width:100%;max-width:24rem;height:auto;margin:1rem auto .4rem;overflow:visible}\n"
"svg text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",Arial,sans-serif;"
"font-size:120px;fill:var(--ink)}\n"
".ring{fill:none;stroke:var(--ring)}\n"
".ring.stands{stroke:var(--dim)}\n.ring.stops{stroke:var(--cold)}\n.ring.opened{stroke:var(--hot)}\n"
".ring.absent{stroke:var(--hot);stroke-width:18;stroke-dasharray:50 45}\n"
".attack{stroke:var(--hot);stroke-width:40;stroke-linecap:round}\n.attackhead{fill:var(--hot)}\n"
".process{fill:var(--hot)}\n"
".mark{fill:var(--page);stroke:var(--ink);stroke-width:10}\n"
"svg .marktext{text-anchor:middle;font-size:108px;font-weight:600}\n"
"svg .middle{text-anchor:middle;fill:var(--dim)}\n"
".stopdisc{fill:var(--cold);stroke:var(--panel);stroke-width:20}\n"
".cross{stroke:var(--on);stroke-width:26;stroke-linecap:round}\n"
".inside{fill:var(--coldpale);stroke:var(--cold);stroke-width:10}\n"
".outside{fill:var(--page);stroke:var(--ink);stroke-width:10}\n"
".outside.root{fill:var(--hotpale);stroke:var(--hot)}\n"
".band{fill:var(--cold);opacity:.18}\n.band.root{fill:var(--hot)}\n"
"svg .ids{text-anchor:middle;font-weight:600}\n"
"svg .value{text-anchor:end;fill:var(--dim)}\nsvg .name{font-weight:600}\n"
".track{fill:var(--page);stroke:var(--ring);stroke-width:10}\n.fill{fill:var(--cold)}\n"
".fill.full{fill:var(--hot)}\n"
".door{fill:var(--page);stroke:var(--ring);stroke-width:10}\n.wall{fill:var(--cold)}\n"
".pass{fill:none}\nsvg path.pass{stroke:var(--dim);stroke-width:16;stroke-linecap:round;"
"stroke-linejoin:round}\n"
"svg .refused{text-anchor:middle;font-weight:600;fill:var(--hot)}\n";

static const char media[] =
"@media (max-width:44rem){body{padding:1.2rem 1rem 3rem}h1{font-size:1.6rem}h2{font-size:1.25rem}"
".pair{grid-template-columns:minmax(0,1fr)}"
".counts{gap:.5rem}.counts li{padding:.5rem .6rem;font-size:.85rem}.counts strong{font-size:1.5rem}"
"th,td{padding:.4rem .3rem}"
".overview .badge .word,.overview .outcome .word{position:absolute;width:1px;height:1px;padding:0;"
"border:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}"
".overview .answer{font-size:.72rem;padding:.05rem .25rem}"
".overview{font-size:.85rem}.overview .key{font-size:.7rem}.overview .number{width:1.9rem;"
"font-size:.75rem;padding-left:0}.overview .narrow{width:4.3rem}"
".overview .outcome{width:2.9rem}.overview .outcome,.overview td:last-child{position:relative}"
".sides,.sides td{font-size:.74rem}details>:not(summary){margin-left:0}}\n"
/* What is folded stays folded: a sheet for the class has no answers on it, unless they were opened before. */
"@media print{@page{size:A4;margin:16mm 15mm}"
"html{font-size:9.5pt}body{max-width:none;padding:0;background:#fff}details:not([open]){display:none}"
"article{break-before:page;margin-top:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
"h2,h3,summary{break-after:avoid}tr,svg,.counts,.run,li{break-inside:avoid}"
"a{color:inherit;text-decoration:none}svg{max-width:58mm}summary{color:var(--dim)}}\n";
/* clang-format on */

void style_write(struct html *h)
{
	static const char *const sheets[] = { colours, text, head, tables, exercise, pictures, media };

	html_open(h, "style");
	for (size_t i = 0; i < ARRAY_SIZE(sheets); i++)
		html_css(h, sheets[i]);
	html_close(h, "style");
}
