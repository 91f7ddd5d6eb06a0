// Calls the sandbox through the clients that the platforms publish for Node, and says how each call went.
//
// usage: clients.mjs vercel|qovery|netlify|octokit FOLDER LINE
//
// FOLDER holds the packages, and LINE is what `sandbox --every-state` says of the platform. Ends with 1 if a call went
// wrong. The certificate's authority is named by NODE_EXTRA_CA_CERTS.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { deepStrictEqual as should } from "node:assert";
import { pathToFileURL } from "node:url";

/** A token that may do everything but roll back. */
const NO_WAY_BACK = "sandbox_no_way_back_2Wn5";

const [client, folder, line] = process.argv.slice(2);
const { url, token, ...words } = Object.fromEntries(
    line.split(" ").slice(1).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
);
const deployments = Object.entries(words).map(([state, text]) => [state, ...text.split("/")]);
const packageOf = {
    vercel: "@vercel/sdk",
    qovery: "qovery-typescript-axios",
    netlify: "@netlify/api",
    octokit: "@octokit/request",
}[client];
const require = createRequire(pathToFileURL(`${folder}/`));
const { version } = JSON.parse(readFileSync(`${folder}/node_modules/${packageOf}/package.json`));
let bad = 0;

/** One call; with `wanted`, one that has to be refused with that status. */
async function call(title, action, wanted) {
    let verdict = wanted === undefined ? "ok" : `WRONG: not refused with ${wanted}`;
    try {
        await action();
    } catch (error) {
        const status = error.statusCode ?? error.status ?? error.response?.status;
        const isMeant = wanted !== undefined && status === wanted && error.name !== "ResponseValidationError";
        const why = error.pretty?.() ?? error.response?.data ?? error.json?.message ?? "";
        verdict = isMeant ? "ok, refused" : `WRONG: ${error.name}: ${error.message} ${why}`.replaceAll(/\s+/g, " ").slice(0, 900);
    }
    bad += verdict.startsWith("WRONG");
    console.log(`${`${packageOf} ${version}`.padEnd(32)} ${title.padEnd(32)} ${verdict}`);
}

async function vercel() {
    const { Vercel } = await import(pathToFileURL(require.resolve("@vercel/sdk")));
    const connect = (bearerToken) => new Vercel({ serverURL: url, bearerToken, retryConfig: { strategy: "none" } });
    const api = connect(token);
    const team = { teamId: "team_1" };
    const get = async (id, ...words) => {
        const found = await api.deployments.getDeployment({ idOrUrl: id, ...team });
        should([found.id, words.includes(found.readyState)], [id, true]);
    };

    await call("user", async () => should((await api.user.getAuthUser()).user.username, "jane"));
    await call("teams", async () => should((await api.teams.getTeams({})).teams.map((team) => team.slug), ["acme"]));
    await call("team", async () => should((await api.teams.getTeam(team)).slug, "acme"));
    await call("projects", async () => {
        const { projects } = await api.projects.getProjects(team);
        should(projects.map((project) => project.name), ["web"]);
    });
    await call("list", async () => {
        const found = (await api.deployments.getDeployments({ limit: 100, ...team })).deployments;
        const shown = found.map((each) => [each.uid, each.readyState]).sort();
        should(shown, deployments.map(([, id, word]) => [id, word]).sort());
    });
    for (const [state, id, word] of deployments) {
        const isOver = ["canceled", "succeeded", "failed"].includes(state);
        await call(`get ${state}`, () => get(id, word));
        await call(`cancel ${state}`, () => api.deployments.cancelDeployment({ id, ...team }), isOver ? 400 : undefined);
        await call(`get ${state} afterwards`, () => get(id, isOver ? word : "CANCELED"));
    }
    await call("get unknown", () => get("dpl_unknown"), 404);

    // In a project of its own dpl_9 has taken the place of dpl_8, and dpl_7 never had the traffic of production.
    const project = () => api.projects.getProject({ idOrName: "prj_2" });
    const isLive = async (id) => should((await project()).targets.production.id, id);
    const rollBack = (deploymentId, by = api) => by.projects.requestRollback({ projectId: "prj_2", deploymentId });
    const candidates = async (...wanted) => {
        const query = { projectId: "prj_2", target: "production", rollbackCandidate: true };
        const found = (await api.deployments.getDeployments(query)).deployments;
        should(found.map((each) => [each.uid, each.isRollbackCandidate, each.readySubstate]), wanted.map((id) => [id, true, "PROMOTED"]));
    };
    const job = async (toDeploymentId, jobStatus) => {
        const { fromDeploymentId, ...told } = (await project()).lastAliasRequest;
        should([told.type, told.toDeploymentId, told.jobStatus], ["rollback", toDeploymentId, jobStatus]);
        return fromDeploymentId;
    };
    await call("what is live", () => isLive("dpl_9"));
    await call("candidates", () => candidates("dpl_8"));
    await call("built, never live", async () => should((await api.deployments.getDeployment({ idOrUrl: "dpl_7" })).readySubstate, "STAGED"));
    await call("roll back to never live", () => rollBack("dpl_7"), 400);
    await call("roll back to unknown", () => rollBack("dpl_unknown"), 404);
    await call("roll back to another project's", () => rollBack(deployments[0][1]), 404);
    await call("roll back without the right", () => rollBack("dpl_8", connect(NO_WAY_BACK)), 403);
    await call("what is live, refused", () => isLive("dpl_9"));
    await call("roll back", () => rollBack("dpl_8"));
    await call("roll back meanwhile", () => rollBack("dpl_8"), 409);
    for (const status of ["pending", "in-progress"]) {
        await call(`its job, ${status}`, async () => should(await job("dpl_8", status), "dpl_9"));
    }
    await call("what is live, rolled back", () => isLive("dpl_8"));
    await call("its job, succeeded", async () => should(await job("dpl_8", "succeeded"), "dpl_9"));
    await call("candidates, rolled back", () => candidates("dpl_9"));
    await call("somebody moves on", () => rollBack("dpl_9"));
    await call("its job, moving on", async () => should([await job("dpl_9", "pending"), await job("dpl_9", "in-progress")], ["dpl_8", "dpl_8"]));
    await call("what is live, moved on", () => isLive("dpl_9"));
    await call("wrong token", () => connect("unknown").user.getAuthUser(), 403);
}

async function qovery() {
    const sdk = require("qovery-typescript-axios");
    const connect = (token) => new sdk.Configuration({ basePath: url, apiKey: `Token ${token}` });
    const configuration = connect(token);
    const environments = new sdk.EnvironmentMainCallsApi(configuration);
    const actions = new sdk.EnvironmentActionsApi(configuration);
    const histories = new sdk.EnvironmentDeploymentHistoryApi(configuration);
    const requests = new sdk.DeploymentQueueActionsApi(configuration);
    const get = async (id, ...words) => {
        const { data } = await environments.getEnvironmentStatus(id);
        should([data.id, words.includes(data.state), data.state in sdk.StateEnum], [id, true, true]);
        return data;
    };

    for (const [state, id, word] of deployments) {
        const canBeCanceled = !["canceling", "canceled", "succeeded", "failed"].includes(state);
        let request;
        await call(`get ${state}`, async () => (request = (await get(id, word)).deployment_request_id));
        await call(`environment ${state}`, async () => should((await environments.getEnvironment(id)).data.id, id));
        await call(`history ${state}`, async () => {
            const { results } = (await histories.listEnvironmentDeploymentHistoryV2(id, 20)).data;
            should(results.map((each) => [each.identifier.environment_id, each.status]), [[id, word]]);
        });
        await call(`queue ${state}`, async () => {
            should((await environments.listDeploymentRequestByEnvironmentId(id)).data.results, []);
        });
        // Once without the body, which may be left out, and otherwise with it.
        const body = state === "running" ? undefined : { force_cancel: false };
        await call(`cancel ${state}`, () => actions.cancelEnvironmentDeployment(id, body), canBeCanceled ? undefined : 409);
        await call(`cancel the request, ${state}`, () => requests.cancelDeploymentRequest(request, {}), 409);
        await call(`get ${state} afterwards`, () => get(id, canBeCanceled ? "CANCELED" : word));
    }
    const [, first] = deployments[0];
    await call("get unknown", () => environments.getEnvironmentStatus("00000000-0000-4000-8000-000000000000"), 404);
    await call("wrong token", () => new sdk.EnvironmentMainCallsApi(connect("unknown")).getEnvironment(first), 401);
}

async function netlify() {
    const { NetlifyAPI } = await import(pathToFileURL(`${folder}/node_modules/@netlify/api/lib/index.js`));
    const { host, pathname, protocol } = new URL(url);
    const connect = (token) => new NetlifyAPI(token, { scheme: protocol.slice(0, -1), host, pathPrefix: pathname });
    const api = connect(token);
    const get = async (deploy_id, word) => {
        const found = await api.getDeploy({ deploy_id });
        should([found.id, found.state], [deploy_id, word]);
        return found;
    };
    const { site_id } = await api.getDeploy({ deploy_id: deployments[0][1] });

    await call("site", async () => should((await api.getSite({ site_id })).name, "web"));
    await call("sites", async () => {
        const sites = await api.listSites({ name: "web", filter: "all" });
        should(sites.map((site) => site.id), [site_id]);
    });
    await call("list", async () => {
        const found = await api.listSiteDeploys({ site_id, per_page: 100 });
        should(found.map((each) => [each.id, each.state]).sort(), deployments.map(([, id, word]) => [id, word]).sort());
    });
    for (const [state, deploy_id, word] of deployments) {
        const isOver = ["canceled", "succeeded", "failed", "superseded"].includes(state);
        let build_id;
        await call(`get ${state}`, async () => ({ build_id } = await get(deploy_id, word)));
        await call(`build ${state}`, async () => should((await api.getSiteBuild({ build_id })).deploy_id, deploy_id));
        await call(`list ${word}, ${state}`, async () => {
            const found = await api.listSiteDeploys({ site_id, state: word });
            should([found.some((each) => each.id === deploy_id), found.every((each) => each.state === word)], [true, true]);
        });
        await call(`cancel ${state}`, () => api.cancelSiteDeploy({ deploy_id }), isOver ? 422 : undefined);
        await call(`get ${state} afterwards`, async () => {
            const { error_message } = await get(deploy_id, isOver ? word : "error");
            should(isOver || error_message === "Canceled build", true);
        });
    }
    await call("get unknown", () => api.getDeploy({ deploy_id: "66a9a1c24fd25f0008ffffff" }), 404);
    await call("cancel unknown", () => api.cancelSiteDeploy({ deploy_id: "66a9a1c24fd25f0008ffffff" }), 404);

    // On a site of its own the ninth has taken the place of the eighth, and the seventh was never published.
    const [never, before, live] = ["07", "08", "09"].map((number) => `66a9a1c24fd25f00080000${number}`);
    const other = (await api.getDeploy({ deploy_id: live })).site_id;
    const isLive = async (id) => should((await api.getSite({ site_id: other })).published_deploy.id, id);
    const restore = (deploy_id, by = api) => by.restoreSiteDeploy({ site_id: other, deploy_id });
    const published = async (...wanted) => {
        const found = await api.listSiteDeploys({ site_id: other, production: true });
        const times = found.filter((each) => each.published_at).sort((one, two) => (one.published_at < two.published_at ? 1 : -1));
        should(times.map((each) => each.id), wanted);
    };
    await call("what is live", () => isLive(live));
    await call("what was live", () => published(live, before));
    await call("built, never live", async () => should((await get(never, "ready")).published_at, null));
    await call("roll back to unknown", () => restore("66a9a1c24fd25f0008ffffff"), 404);
    await call("roll back to another site's", () => restore(deployments[0][1]), 404);
    await call("roll back without the right", () => restore(before, connect(NO_WAY_BACK)), 404);
    await call("what is live, refused", () => isLive(live));
    await call("roll back", async () => {
        const told = await restore(before);
        should([told.id, told.state, told.context], [before, "ready", "production"]);
    });
    await call("what is live, rolled back", () => isLive(before));
    await call("what was live, rolled back", () => published(before, live));
    await call("roll back again", async () => should((await restore(before)).id, before));
    await call("somebody steps back", () => api.rollbackSiteDeploy({ site_id: other }));
    await call("what is live, moved on", () => isLive(live));
    await call("wrong token", () => connect("unknown").getSite({ site_id }), 401);
}

async function octokit() {
    const { exports } = JSON.parse(readFileSync(`${folder}/node_modules/${packageOf}/package.json`));
    const { request } = await import(pathToFileURL(`${folder}/node_modules/${packageOf}/${exports["."].import}`));
    const connect = (token) => request.defaults({ baseUrl: url, owner: "acme", repo: "web", headers: { authorization: `Bearer ${token}` } });
    const api = connect(token);
    const one = "/repos/{owner}/{repo}/pages/deployments/{pages_deployment_id}";
    const records = (options) => api("GET /repos/{owner}/{repo}/deployments", { environment: "github-pages", ...options });
    const get = async (id, word) => {
        const found = await api(`GET ${one}`, { pages_deployment_id: id });
        should([found.status, found.data.status], [200, word]);
    };

    await call("site", async () => should((await api("GET /repos/{owner}/{repo}/pages")).data.build_type, "workflow"));
    for (const [state, id, word] of deployments) {
        const isOver = ["canceled", "succeeded", "failed"].includes(state);
        await call(`get ${state}`, () => get(id, word));
        await call(`record ${state}`, async () => {
            const { data } = await records({ sha: id });
            should(data.map((each) => [each.sha, each.ref]), [[id, "main"]]);
            const statuses = await api("GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", { deployment_id: data[0].id });
            should(statuses.data[0].deployment_url, data[0].url);
        });
        const cancel = async () => should((await api(`POST ${one}/cancel`, { pages_deployment_id: id })).status, 204);
        await call(`cancel ${state}`, cancel, isOver ? 400 : undefined);
        await call(`get ${state} afterwards`, () => get(id, isOver ? word : "deployment_cancelled"));
    }
    await call("list", async () => {
        const { data, headers } = await records({ per_page: 2 });
        should([data.length, headers.link.includes('rel="next"')], [2, true]);
    });
    await call("get unknown", () => get("1".repeat(40), ""), 404);
    await call("wrong token", () => connect("unknown")(`GET ${one}`, { pages_deployment_id: deployments[0][1] }), 401);
}

await { vercel, qovery, netlify, octokit }[client]();
process.exitCode = Number(bad > 0);
