// Which model the page asks: the shipped one, one on the Hugging Face Hub, or a folder of the visitor's.

/** A model to open. */
export type ModelChoice =
  | { readonly kind: "shipped" }
  /** `owner/name`, with a revision as `owner/name@revision`. */
  | { readonly kind: "hub"; readonly id: string }
  | { readonly kind: "folder"; readonly name: string; readonly files: ReadonlyMap<string, File> };

/** The model that comes with the page. */
export const shippedModel: ModelChoice = { kind: "shipped" };

/** What the page calls a model. */
export function modelName(choice: ModelChoice): string {
  if (choice.kind === "shipped") return "Garment scenes";
  return choice.kind === "hub" ? choice.id : choice.name;
}

const HUB_ID = /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}(@[\w./-]{1,100})?$/;

/** The Hub model that `text` names, or null. A whole address of huggingface.co is taken for its id. */
export function hubModel(text: string): ModelChoice | null {
  const id = text
    .trim()
    .replace(/^https:\/\/huggingface\.co\//, "")
    .replace(/\/$/, "");
  return HUB_ID.test(id) && !id.includes("..") ? { kind: "hub", id } : null;
}

/** Where the files of the Hub model `id` are. */
export function hubFolder(id: string): string {
  const [name = "", revision = "main"] = id.split("@");
  return `https://huggingface.co/${name}/resolve/${encodeURIComponent(revision)}/`;
}

/** A chosen folder's own files, those of folders in it left out; null when there are none. */
export function folderModel(files: Iterable<File>): ModelChoice | null {
  const own = [...files].filter(({ webkitRelativePath: path }) => path.split("/").length <= 2);
  const [first] = own;
  if (first === undefined) return null;
  const [folder = ""] = first.webkitRelativePath.split("/");
  return { kind: "folder", name: folder, files: new Map(own.map((file) => [file.name, file])) };
}

/** The folder that was dropped on the page, or null when what was dropped is none. */
export async function droppedFolder(data: DataTransfer | null): Promise<ModelChoice | null> {
  const entry = data?.items[0]?.webkitGetAsEntry() ?? null;
  if (!(entry instanceof FileSystemDirectoryEntry)) return null;
  const files = new Map<string, File>();
  for (const child of await entriesOf(entry.createReader())) {
    if (child instanceof FileSystemFileEntry) files.set(child.name, await fileOf(child));
  }
  return { kind: "folder", name: entry.name, files };
}

/** All entries of a folder: a reader gives some at a time, and none when it is through. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}
