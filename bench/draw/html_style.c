/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html_style.c - how a page looks: on paper and in the dark, on a wide screen and on a phone; and what its table heads
 * do.
 */
#include "bench/draw/html_style.h"

/*
 * gnuplot's neutral colours are mapped to the page's, so that pictures follow it into the dark: black is ink, #dddddd
 * the grid. Fonts are the reader's own.
 */
const char html_style[] =
	":root{--paper:#fff;--ink:#1d2127;--muted:#5d6673;--grid:#e1e4e8;--card:#f6f7f9;--line:#d8dce2;"
	"--accent:#b34e00;"
	"color-scheme:light dark}\n"
	"@media "
	"(prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e4e7eb;--muted:#9aa4b1;--grid:#2c323a;--card:#1c2127;"
	"--line:#343b45;--accent:#ff9d4d}}\n"
	"*{box-sizing:border-box}\n"
	"html{-webkit-text-size-adjust:100%}\n"
	"body{margin:0 auto;padding:1rem clamp(.8rem,3vw,2.5rem) "
	"4rem;max-width:100rem;background:var(--paper);color:var(--ink);"
	"font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
	"h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}\n"
	"h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}\n"
	"h3{font-size:1rem;margin:0;overflow-wrap:anywhere}\n"
	"h2 a,h3 a{color:inherit;text-decoration:none}\n"
	"h2 a:hover,h3 a:hover,h2 a:focus,h3 a:focus{text-decoration:underline}\n"
	"h3.question{margin-top:1.4rem;font-size:1.08rem}\n"
	"h3.question+p{font-weight:500}\n"
	":target{outline:2px solid var(--accent);outline-offset:4px;border-radius:4px}\n"
	"p{max-width:48rem;margin:.5rem 0}\n"
	"a{color:var(--accent)}\n"
	"nav{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:.5rem 0 1rem}\n"
	"code,pre{font:13px/1.45 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}\n"
	"pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.45rem .6rem;margin:.4rem "
	"0;"
	"white-space:pre-wrap;overflow-wrap:anywhere}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(13rem,100%),1fr));gap:.8rem;margin:1rem "
	"0}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem}\n"
	".card b{display:block;font-size:1.45rem;line-height:1.25}\n"
	".card span,.note,figcaption p{color:var(--muted);font-size:.88rem}\n"
	".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:1rem;"
	"align-items:start}\n"
	"figure{margin:0;padding:.8rem .8rem .6rem;border:1px solid var(--line);border-radius:8px;min-width:0}\n"
	"figcaption p{margin:.1rem 0 .2rem}\n"
	"figure svg{display:block;width:100%;height:auto;max-width:34rem;margin:0 auto}\n"
	"svg text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
	"svg [fill='black'],svg [fill='rgb(0,0,0)']{fill:var(--ink)}\n"
	"svg [stroke='black'],svg [stroke='rgb(  0,   0,   0)']{stroke:var(--ink)}\n"
	"svg [color='black'],svg [color='rgb(  0,   0,   0)']{color:var(--ink)}\n"
	"svg [stroke='rgb(221, 221, 221)']{stroke:var(--grid)}\n"
	"svg use[color='white']{display:none}\n" /* gnuplot's holes around points */
	"svg.shared{position:absolute;width:0;height:0}\n"
	"details{margin-top:.4rem}\n"
	"summary{cursor:pointer;color:var(--muted);font-size:.88rem}\n"
	".scroll{overflow:auto;max-width:100%;max-height:26rem}\n"
	"table{border-collapse:collapse;font-size:.84rem;margin:.4rem 0}\n"
	"th,td{padding:.2rem .6rem .2rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}\n"
	"th{color:var(--muted);font-weight:600}\n"
	"thead th{position:sticky;top:0;background:var(--paper);cursor:pointer;vertical-align:bottom}\n"
	"th[aria-sort=ascending]::after{content:' ▲'}\n"
	"th[aria-sort=descending]::after{content:' ▼'}\n"
	".whole{max-height:none}\n"
	"figure td,figure th{white-space:nowrap}\n"
	"td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem "
	"0;padding:0;list-style:none;font-size:.88rem}\n"
	".legend "
	"i{display:inline-block;width:1.3em;height:.32em;margin-right:.45em;vertical-align:.2em;border-radius:2px}\n"
	".missing{border:1px dashed var(--line);border-radius:8px;padding:.3rem .9rem;color:var(--muted)}\n"
	"@media print{details{display:none}}\n";

/*
 * The head of a column sorts its table: by data-v where cells have it, else by text. Cells without a number come last.
 */
const char html_script[] =
	"(function(){'use strict';\n"
	"function key(row,i){var cell=row.cells[i];if(!cell){return Infinity}\n"
	"if(cell.className!=='n'){return cell.textContent}\n"
	"var value=parseFloat(cell.dataset.v);return isNaN(value)?Infinity:value}\n"
	"function order(x,y,sign){if(x===y){return 0}if(x===Infinity){return 1}if(y===Infinity){return -1}\n"
	"return sign*(typeof x==='number'?x-y:x.localeCompare(y))}\n"
	"function sort(head){var table=head.closest('table'),body=table.tBodies[0],i=head.cellIndex;\n"
	"var sign=head.getAttribute('aria-sort')==='ascending'?-1:1;\n"
	"var rows=Array.from(body.rows);rows.sort(function(a,b){return order(key(a,i),key(b,i),sign)});\n"
	"rows.forEach(function(row){body.appendChild(row)});\n"
	"table.querySelectorAll('th').forEach(function(other){other.removeAttribute('aria-sort')});\n"
	"head.setAttribute('aria-sort',sign===1?'ascending':'descending')}\n"
	"document.querySelectorAll('thead "
	"th').forEach(function(head){head.tabIndex=0;head.setAttribute('title','sort');\n"
	"head.addEventListener('click',function(){sort(head)});\n"
	"head.addEventListener('keydown',function(event){if(event.key==='Enter'){sort(head)}})})\n"
	"})()";
