/** No process per connection at all: one Node process serves everybody. */
import { createServer } from "node:net";
import { listen, serveUppercase } from "./uppercase.ts";

listen(createServer(serveUppercase));
