import { testBulk } from "./bulk.ts";

testBulk("lines-blocking");
