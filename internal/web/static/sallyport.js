// The script only adds comfort: every page works without it. What needs it is hidden until it runs.

const on = (name, act) => {
	for (const button of document.querySelectorAll(`[data-${name}]`)) {
		button.hidden = false;
		button.addEventListener("click", () => act(button));
	}
};

const textOf = (id) => document.getElementById(id).textContent.trim();

// swap shows the button's other label.
const swap = (button) => {
	[button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
};

if (navigator.clipboard) on("copy", async (button) => {
	const text = textOf(button.dataset.copy);
	await navigator.clipboard.writeText("strip" in button.dataset ? text.replaceAll(" ", "") : text);
	if (button.dataset.busy) return;
	button.dataset.busy = "yes";
	swap(button);
	setTimeout(() => {
		swap(button);
		delete button.dataset.busy;
	}, 3000);
});

on("download", (button) => {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([textOf(button.dataset.download) + "\n"], { type: "text/plain" }));
	link.download = button.dataset.name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

on("print", () => print());

on("reveal", (button) => {
	const input = document.getElementById(button.dataset.reveal);
	input.type = input.type === "password" ? "text" : "password";
	swap(button);
});

// A form goes out once: a double click must not spend the same code twice.
for (const form of document.forms) {
	form.addEventListener("submit", (event) => {
		if ("sent" in form.dataset) event.preventDefault();
		form.dataset.sent = "";
		setTimeout(() => delete form.dataset.sent, 5000);
	});
}

// The person's menu closes as menus do.
const menu = document.querySelector("details.person");
addEventListener("click", (event) => {
	if (menu && !menu.contains(event.target)) menu.open = false;
});
addEventListener("keydown", (event) => {
	if (event.key === "Escape" && menu?.open) {
		menu.open = false;
		menu.querySelector("summary").focus();
	}
});

// Times come in UTC and say so; the reader's own zone is kinder. English pages write dates as in Britain, as the server does.
const language = document.documentElement.lang;
const locale = language === "en" ? "en-GB" : language;
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
for (const time of document.querySelectorAll("time[data-form=when], time[data-form=clock]")) {
	const at = new Date(time.dateTime);
	if (at.getTimezoneOffset() === 0) continue;
	let words = at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
	if (time.dataset.form === "when") {
		const age = Math.round((midnight(Date.now()) - midnight(at)) / 864e5);
		const day = age === 0 || age === 1 ? ago.format(-age, "day") : at.toLocaleDateString(locale, { dateStyle: "long" });
		words = day + ", " + words;
	}
	time.textContent = words;
}

// A new code may be sent after a while. The server decides; this counts down, and speaks only once, at the end.
for (const button of document.querySelectorAll("[data-resend]")) {
	const words = document.getElementById(button.getAttribute("aria-describedby"));
	const end = Date.now() + button.dataset.resend * 1000;
	button.disabled = true;
	const timer = setInterval(() => {
		const left = Math.ceil((end - Date.now()) / 1000);
		if (left > 0) {
			words.textContent = left === 1 ? words.dataset.one : words.dataset.other.replace("#", left);
			return;
		}
		clearInterval(timer);
		button.disabled = false;
		words.setAttribute("role", "status");
		words.textContent = words.dataset.now;
	}, 1000);
}

// A mailed link brings its token after the #, where no server sees it. It moves into the field, and out of the address.
const takeToken = () => {
	const token = location.hash.match(/^#([0-9a-z]{26})$/)?.[1];
	const field = document.querySelector("[data-fragment]");
	if (!token || !field) return;
	field.value = token;
	history.replaceState(null, "", location.pathname + location.search);
	field.form.querySelector("[type=password], button").focus();
};
takeToken();
addEventListener("hashchange", takeToken);
