package web

import "html/template"

// markPaths draw the product's mark in a square of 16: two door leaves, the second
// ajar. static/mark.svg, the favicon, holds the same paths; a test compares them.
const markPaths = `<path fill-rule="evenodd" d="M1 2h6.5v12H1zM5.2 7.2h1.3v1.6H5.2z"/>` +
	`<path fill-rule="evenodd" d="M15 2v12l-5 1.5V.5zM11.2 7.2v1.6h1.3V7.2z"/>`

// mark gives the mark as inline SVG in the colour of the text around it. It is decoration: the name stands beside it.
func mark() template.HTML {
	return `<svg class="mark" viewBox="0 0 16 16" width="24" height="24" fill="currentColor" aria-hidden="true" focusable="false">` +
		markPaths + `</svg>`
}
