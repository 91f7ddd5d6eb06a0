// Cancels a deployment, on an agent with Linux. What it takes and returns stands in cancelDeployment.txt.
import groovy.transform.Field

// Tokens and passwords are not among them: as text of the pipeline they would be shown.
@Field final List<String> INPUTS = [
    // `cargo run --example documents` writes them.
    'platform',
    'deployment_id',
    'select',
    'branch',
    'commit',
    'appear_within',
    'only_states',
    'wait',
    'timeout',
    'if_live',
    'roll_back_to',
    'roll_back_timeout',
    'poll_interval',
    'fail_on',
    'dry_run',
    'summary',
    'api_url',
    'ca_cert',
    'app_id',
    'app_name',
    'username',
    'origin',
    'client_id',
    'org',
    'space',
    'site',
    'api_version',
    'query',
    'team_id',
    'team_slug',
    'target',
    'project_id',
    'environment_id',
    'force_cancel',
    'service_id',
    'service_name',
    'owner_id',
    'site_id',
    'site_name',
    'account_id',
    'worker',
    'server_url',
    'repository',
    'environment',
]

Map call(Map given = [:]) {
    List<String> variables = []
    for (String name : given.keySet()) {
        if (name == 'failBuild' || name == 'release' || given[name] == null) {
            continue
        }
        if (!INPUTS.contains(name)) {
            error('Nothing was canceled: cancelDeployment takes no `' + name + '`. Tokens and passwords come from ' +
                'withCredentials; it takes ' + INPUTS.join(', ') + ', failBuild and release.')
        }
        def value = given[name] instanceof List ? given[name].join(',') : given[name]
        variables.add('CANCEL_DEPLOYMENT_' + name.toUpperCase() + '=' + value)
    }
    if (given.release) {
        variables.add('FETCH_FROM=' + given.release)
    }
    String file = pwd(tmp: true) + '/cancellation.env'
    variables.add('CANCEL_DEPLOYMENT_OUTPUT_FILE=' + file)
    // What an earlier step has left there is not what this one did.
    writeFile(file: file, text: '')
    int status = 0
    withEnv(variables) {
        status = sh(label: 'Cancel the deployment', script: libraryResource('cancel-deployment.sh'), returnStatus: true)
    }
    Map outputs = [exit_code: status]
    for (String line : readFile(file).split('\n')) {
        int at = line.indexOf('=')
        if (at > 0) {
            outputs[line.substring(0, at).toLowerCase().replace('cancellation_', '')] = line.substring(at + 1)
        }
    }
    if (status != 0 && given.failBuild != false) {
        error('The deployment: ' + (outputs.outcome ?: 'nothing was canceled') + '. The log says why.')
    }
    return outputs
}
