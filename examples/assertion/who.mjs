import { createPublicKey, verify } from "node:crypto";

// door checks the assertions of the Sallyport at server, its setting public_url, for the program at site, as door_origins lists it.
// What it returns gives the claims of an assertion, or throws.
export function door(server, site) {
	let keys = [], readAt = -Infinity;

	// key is one of Sallyport's keys, which are read every five minutes.
	async function key(id) {
		if (Date.now() - readAt > 300_000) {
			const answer = await fetch(server + "/.well-known/jwks.json", { signal: AbortSignal.timeout(5_000) });
			if (!answer.ok) throw new Error(`the keys: ${answer.status}`);
			let text = "";
			for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
				if ((text += part).length > 1_000_000) throw new Error("the keys: too long");
			}
			({ keys } = JSON.parse(text));
			readAt = Date.now();
		}
		const jwk = keys.find((k) => k.kid === id && k.kty === "OKP" && k.crv === "Ed25519");
		if (!jwk) throw new Error("no such key");
		return createPublicKey({ key: jwk, format: "jwk" });
	}

	return async function who(assertion) {
		const [head, body, signature, ...more] = assertion.split(".");
		const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
		const { alg, kid } = read(head);
		if (alg !== "EdDSA" || more.length > 0) throw new Error("another kind of token");
		if (!verify(null, Buffer.from(`${head}.${body}`), await key(kid), Buffer.from(signature, "base64url"))) throw new Error("not Sallyport's signature");
		const claims = read(body), now = Date.now() / 1000;
		if (claims.iss !== server || claims.aud !== site) throw new Error("not for here");
		if (!(now < claims.exp + 30) || !(claims.iat < now + 30)) throw new Error("not for now");
		return claims;
	};
}
