package web

import "html/template"

// markPaths draw the product's mark in a square of 16: two door leaves, the second ajar.
const markPaths = `<path d="M1 1h14v14h-2V3H3v12H1z"/><path d="M4 4h4v11H4z"/><path d="M9 4l3 1.5V15L9 13.5z" opacity=".55"/>`

// mark gives the mark as inline SVG in the colour of the text around it. It is decoration: the name stands beside it.
func mark() template.HTML {
	return `<svg class="mark" viewBox="0 0 16 16" width="24" height="24" fill="currentColor" aria-hidden="true" focusable="false">` +
		markPaths + `</svg>`
}
