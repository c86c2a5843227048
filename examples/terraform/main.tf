# What dbprov made, for the rest of a Terraform configuration. It reads; "dbprov apply" provisions.
#
# Terraform keeps whatever a data source answers in its state: so no password is asked for here. Give the
# application its password from the place that the spec names.
terraform {
  required_providers {
    external = {
      source  = "hashicorp/external"
      version = ">= 2.3"
    }
  }
}

data "external" "analytics" {
  program = ["python3", "${path.module}/connection.py"]
  query = {
    spec       = "${path.module}/../deployment.yaml"
    deployment = "analytics"
    check      = "true" # "false": contacts no server, and answers no "complete"
  }

  lifecycle {
    postcondition {
      condition     = self.result.complete == "true"
      error_message = "The server lacks something: dbprov plan deployment.yaml says what."
    }
  }
}

output "database" {
  value = {
    engine   = data.external.analytics.result.engine
    host     = data.external.analytics.result.host
    port     = data.external.analytics.result.port
    database = data.external.analytics.result.database
    user     = data.external.analytics.result.user
  }
}
