// Passkeys: what the server asks goes to the browser, and what the browser answers goes into the form. Where this does not
// run, the pages say so and offer the other ways.

const api = globalThis.PublicKeyCredential;
const able = api?.parseCreationOptionsFromJSON && api.parseRequestOptionsFromJSON;
const buttons = [...document.querySelectorAll("[data-passkey], [data-create]")];
let open; // what the browser is asked now; it answers one question at a time

// A challenge lives for five minutes, and the sign-in page may stand open for hours.
const renewAfter = 240_000;

const begin = () => {
	open?.abort();
	open = new AbortController();
	return open.signal;
};

// about says which words an error of the browser's has.
const about = {
	NotAllowedError: "refused", InvalidStateError: "there", NotSupportedError: "unfit", ConstraintError: "unfit", SecurityError: "address",
};

// say puts words into the line that screen readers read out. They came with the page.
const say = (form, name) => {
	const line = form.querySelector("[role=status]");
	line.textContent = name ? line.dataset[about[name] ?? name] ?? line.dataset.other : "";
};

// ask fetches a challenge at the moment when it is needed.
const ask = async (button) => {
	const answer = await fetch(button.dataset.passkey).catch(() => {});
	if (answer?.ok && !answer.redirected) return answer.json();
	throw { name: "offline", over: answer?.redirected || answer?.status === 410 };
};

const send = (form, credential, ceremony) => {
	form.elements.credential.value = JSON.stringify(credential);
	if (ceremony) form.elements.ceremony.value = ceremony;
	form.submit();
};

const prove = async (button, signal, mediation) => {
	const { options, ceremony } = await ask(button);
	const publicKey = api.parseRequestOptionsFromJSON(options);
	send(button.form, await navigator.credentials.get({ publicKey, signal, mediation }), ceremony);
};

const create = async (button, signal) => {
	const publicKey = api.parseCreationOptionsFromJSON(JSON.parse(button.dataset.create));
	send(button.form, await navigator.credentials.create({ publicKey, signal }));
};

const press = async (button) => {
	const form = button.form;
	if (!able) return say(form, "unsupported");
	if (form.elements.password?.value === "") return form.submit(); // the server says what is missing
	say(form);
	const signal = begin();
	try {
		await (button.dataset.create ? create : prove)(button, signal);
	} catch (error) {
		if (error.over) return location.reload(); // the sign-in has ended, and the page says so
		if (signal.aborted) return;
		say(form, error.name);
		offer();
	}
};

// offer lets the browser list passkeys among what it fills into the field for the e-mail.
const offer = async () => {
	const button = buttons.find((b) => "autofill" in b.dataset);
	if (!able || !button || !(await api.isConditionalMediationAvailable?.())) return;
	const signal = begin();
	const again = () => signal.aborted || offer();
	setTimeout(() => (document.hidden ? addEventListener("visibilitychange", again, { once: true }) : again()), renewAfter);
	// Who does not choose a passkey there sees nothing of it, whatever came in between.
	await prove(button, signal, "conditional").catch(() => {});
};

for (const button of buttons) {
	button.form.elements.credential.value = ""; // who comes back to a page finds its form as it was left
	button.addEventListener("click", (event) => {
		event.preventDefault();
		press(button);
	});
	if (able) button.closest("[hidden]")?.removeAttribute("hidden");
}
offer();
