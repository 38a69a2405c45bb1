/**
 * The folders that criu works with.
 *
 * @module
 */

import { close, type Fd, O, open } from "../../ffi/fd.ts";
import { isDirectory, mkdirAll, removeAll, stat } from "../../ffi/files.ts";
import { RuntimeError } from "../errors.ts";
import { osText } from "../os_error.ts";
import { quote } from "../quote.ts";
import { CriuFailure } from "./session.ts";
import { criuErrors } from "./log_tail.ts";

/** The folders of a checkpoint or a restore, open. */
export class CriuFolders implements Disposable {
  readonly images: Fd;
  readonly work: Fd | undefined;
  /** The log's path. */
  readonly log: string;
  readonly #made: string[] = [];

  /**
   * @param options what is missing of them is made, where that is wanted
   * @throws {RuntimeError} one cannot be used
   */
  constructor(
    imagePath: string,
    workPath: string | undefined,
    options: { readonly logFile: string; readonly makeImages: boolean },
  ) {
    const { logFile, makeImages } = options;
    this.log = `${workPath ?? imagePath}/${logFile}`;
    try {
      if (makeImages) this.#make(imagePath);
      if (workPath !== undefined) this.#make(workPath);
      this.images = openFolder(imagePath, "image-path");
      this.work = workPath === undefined
        ? undefined
        : openFolder(workPath, "work-path");
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  #make(path: string): void {
    if (isDirectory(stat(path))) return;
    try {
      mkdirAll(path, 0o700);
    } catch (error) {
      throw new RuntimeError(
        "system",
        `Cannot make the folder ${quote(path)}: ${osText(error)}`,
        { cause: error },
      );
    }
    this.#made.push(path);
  }

  /** Removes the folders that were made. */
  undo(): void {
    for (const path of this.#made.splice(0)) removeAll(path);
  }

  /**
   * A failure of criu's as an error for the user, with the end of its log.
   * @param doing such as `checkpoint container "x"`
   */
  explain(doing: string, error: unknown): unknown {
    if (!(error instanceof CriuFailure)) return error;
    const said = criuErrors(this.log);
    const why = error.message === "" ? "" : ` (${error.message})`;
    // A folder that was made for it goes again.
    const where = this.#made.length > 0 ? "" : ` ${quote(this.log)}`;
    const quoted = said === "" ? "" : `; the end of its log${where}: ${said}`;
    return new RuntimeError(
      "system",
      `Cannot ${doing}: criu failed${why}${quoted}`,
      { cause: error },
    );
  }

  /** Closes them. */
  [Symbol.dispose](): void {
    close(this.images);
    if (this.work !== undefined) close(this.work);
  }
}

function openFolder(path: string, flag: string): Fd {
  try {
    return open(path, O.RDONLY | O.DIRECTORY);
  } catch (error) {
    throw new RuntimeError(
      "usage",
      `Cannot use --${flag} ${quote(path)}: ${osText(error)}`,
      { cause: error },
    );
  }
}
