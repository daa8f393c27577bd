// The program of main.go in JavaScript, for Node 20 or newer: node main.mjs PORT SITE SERVER
import { createServer } from "node:http";
import { door } from "./who.mjs";

const [port = "8082", site = "http://app.localhost:8081", server = "http://localhost:8080"] = process.argv.slice(2);
const who = door(server, site);

createServer(async (request, answer) => {
	try {
		const claims = await who(request.headers["sallyport-assertion"]);
		answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(claims));
	} catch {
		answer.writeHead(401, { "Content-Type": "text/plain; charset=utf-8" }).end("Nobody is signed in.\n");
	}
}).listen(port, "127.0.0.1");
