/** What a user gets who installs the package. `npm run test:package` builds first. */
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describe("the contents of the package", function () {
  this.timeout(60_000); // npm reads every file
  let files: ReadonlySet<string>;
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>;

  before(() => {
    // The build is there: with its scripts, pack would make it anew.
    const printed = execFileSync("npm", ["pack", "--json", "--dry-run", "--ignore-scripts"], { encoding: "utf8" });
    // Newer versions of npm give an object by package name, older ones a list.
    const [packed] = Object.values(JSON.parse(printed) as Packed[] | Record<string, Packed>) as [Packed];
    files = new Set(packed.files.map(({ path }) => path));
  });

  it("are built before every pack and every install from git", () => {
    expect((manifest["scripts"] as Record<string, string>)["prepare"]).to.equal("npm run build");
    for (const file of ["dist/index.js", "dist/index.cjs", "dist/index.d.ts", "dist/index.d.cts", "dist/cli.js"])
      expect(files).to.include(file);
  });

  it("have the licence of each package that the program bundles", () => {
    expect(files).to.include("dist/THIRD-PARTY-NOTICES.md");
    const notices = readFileSync("dist/THIRD-PARTY-NOTICES.md", "utf8");
    const { version } = JSON.parse(readFileSync("node_modules/commander/package.json", "utf8")) as { version: string };
    expect(notices).to.contain(`## commander ${version} (MIT)`);
    expect(notices).to.contain(readFileSync("node_modules/commander/LICENSE", "utf8").trim());
  });

  it("leave out models, benchmarks, specs, and the documents about them", () => {
    const maintainers =
      /^(lib|spec|bench|scripts|\.ci|docs\/model)\/|^docs\/(adversarial-cases|architecture|performance|releasing|testing)\./;
    expect([...files].filter((path) => maintainers.test(path))).to.deep.equal([]);
    expect(files).to.include.members(["README.md", "LICENSE", "CHANGELOG.md", "docs/protocol.md", "docs/porting.md"]);
  });

  it("link to nothing that is left out", () => {
    const broken = [...files]
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        [...readFileSync(path, "utf8").matchAll(/\]\((?!\w+:)([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map(([, link]) => posix.join(posix.dirname(path), link as string))
          .filter((target) => !files.has(target) && ![...files].some((file) => file.startsWith(target)))
          .map((target) => `${path} -> ${target}`),
      );
    expect(broken).to.deep.equal([]);
  });

  it("name no home of the project that does not exist", () => {
    const steps = readFileSync("docs/releasing.md", "utf8");
    for (const field of ["repository", "bugs", "homepage"]) {
      expect(manifest).to.not.have.property(field);
      expect(steps).to.contain(`\`${field}\``);
    }
  });

  it("are installed by npm ci without a warning of scripts that it did not run", () => {
    const allowed = manifest["allowScripts"] as Record<string, boolean>;
    const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean; readonly optional?: boolean }>>;
    };
    const withScripts = Object.entries(lock.packages)
      .filter(([path, { hasInstallScript, optional }]) => hasInstallScript === true && optional !== true && path !== "")
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    expect(withScripts).to.deep.equal(Object.keys(allowed));
  });
});
