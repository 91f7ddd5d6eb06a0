// Calls the step of the Jenkins library with steps that do on this machine what Jenkins's do on an agent.
//
//   groovy units.groovy RELEASE API_URL APP_ID DEPLOYMENT_ID FOLDER

def (release, apiUrl, appId, deploymentId, folder) = args as List
def library = new File('integrations/jenkins')
def variables = [:]
def log = new StringBuilder()

def load = {
    def step = new GroovyShell().parse(new File(library, 'vars/cancelDeployment.groovy'))
    step.run()
    step.metaClass.pwd = { Map how -> how.tmp ? folder : '.' }
    step.metaClass.writeFile = { Map what -> new File(what.file).text = what.text }
    step.metaClass.readFile = { String file -> new File(file).text }
    step.metaClass.libraryResource = { String name -> new File(library, 'resources/' + name).text }
    step.metaClass.error = { String words -> throw new IllegalStateException(words) }
    step.metaClass.withEnv = { List pairs, Closure body ->
        assert pairs.every { it instanceof String }
        variables.putAll(pairs.collectEntries { it.split('=', 2) as List })
        body()
    }
    step.metaClass.sh = { Map how ->
        assert how.returnStatus
        def script = new File(folder, 'script')
        script.text = how.script
        assert how.script.startsWith('#!'), 'Jenkins would show every command'
        def builder = new ProcessBuilder('sh', script.path).redirectErrorStream(true)
        builder.environment().putAll(variables)
        def process = builder.start()
        log << process.inputStream.text
        process.waitFor()
    }
    variables.clear()
    step
}
def given = [platform: 'digitalocean', api_url: apiUrl, app_id: appId, release: release]
def refused = { Map more ->
    try {
        load().call(given + more)
    } catch (IllegalStateException refusal) {
        return refusal.message
    }
    assert false, "nothing is wrong with $more\n$log"
}

def outputs = load().call(given + [deployment_id: [deploymentId, deploymentId], only_states: ['queued', 'running'], timeout: '60s'])
assert outputs.outcome == 'canceled' && outputs.went_live == 'false' && outputs.exit_code == 0, "$outputs\n$log"
assert variables.CANCEL_DEPLOYMENT_ONLY_STATES == 'queued,running'
assert !variables.any { it.value == 'null' }

assert refused(deployment_id: 'none').contains('not_found')
outputs = load().call(given + [deployment_id: 'none', failBuild: false, branch: null])
assert outputs.outcome == 'not_found' && outputs.exit_code == 4, "$outputs\n$log"

variables.clear()
def words = refused(deployment_id: deploymentId, token: 'a-secret')
assert words.contains('takes no `token`') && words.contains('withCredentials') && !words.contains('a-secret')
assert variables.isEmpty(), 'it ran'

// What an earlier run has left is not told again.
outputs = load().call(given + [deployment_id: deploymentId, failBuild: false, release: release + '/missing'])
assert outputs == [exit_code: 1], outputs
println 'the step of the Jenkins library does what its help says'
