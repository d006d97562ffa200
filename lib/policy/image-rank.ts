import type { Inside } from "../store/images.ts";

export type Rank = { compatible: boolean; compatibility_rank: 1 | 2 | 3 | 4; rank_description: string };

/** What nearly every agent asks for. */
const usual = ["bash", "git"];

/** How good an image is for agents. `inside`: what was found there; `why`: what keeps an agent from running. Pure. */
export const rankOf = (inside: Inside | undefined, why: string | undefined): Rank => {
  if (!inside) return rank(3, "it has not been looked into yet; ask again later");
  if (why !== undefined) return rank(4, why);
  const { libc, tools } = inside;
  if (!tools.includes("bash")) return rank(2, `it has ${libc}, but no bash: the agent's Bash tool cannot work`);
  const lacking = usual.filter((tool) => !tools.includes(tool));
  if (lacking.length > 0) return rank(2, `it has ${libc} and bash, but no ${lacking.join(", no ")}`);
  return rank(1, `it has ${libc}, ${usual.join(" and ")}`);
};

const rank = (number: Rank["compatibility_rank"], description: string): Rank => ({
  compatible: number < 4,
  compatibility_rank: number,
  rank_description: description,
});
