// Builds this package the way all packages are built.
import { packageBuild } from "../../tsup.base.ts";

export default packageBuild;
