// The public surface of @prisma/analysis.
export {};
