// Pages have no folders to list.

/** Null always. */
export async function listFolder(_address: string): Promise<readonly string[] | null> {
  return null;
}
