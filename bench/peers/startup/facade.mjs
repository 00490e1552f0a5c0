// A device, as far as it gets before it dials.
import { Usmp } from "usmp";

new Usmp("the key of the benchmark");
